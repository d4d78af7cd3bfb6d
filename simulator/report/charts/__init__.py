"""One chart per file; each takes plain numbers and returns a figure."""

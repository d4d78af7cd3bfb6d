"""Charts and files made from a finished run."""

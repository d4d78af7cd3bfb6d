"""A report as plain data (``document``, ``drawing``) and the two writers that print it: HTML and Markdown."""

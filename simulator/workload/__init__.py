"""Requests: one table of columns, readers of trace formats, generators."""

"""Harness: time real torch kernels on the device at hand."""

"""Readers of config.json, one file per family of architectures."""

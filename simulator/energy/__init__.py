"""Joules, dollars and carbon of a finished run: from its step logs, after the fact, outside the hot loop."""

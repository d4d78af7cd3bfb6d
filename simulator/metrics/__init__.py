"""Logs written during a run and the numbers computed from them afterwards."""

"""Readers of other tools' kernel tables: all become rows of the one measurement schema."""

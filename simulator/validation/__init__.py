"""Whole serving runs measured on real engines, simulated and scored: ``inferplan validate``."""

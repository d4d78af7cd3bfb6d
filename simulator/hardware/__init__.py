"""Accelerators: nominal data sheets and calibrated kernel constants, kept apart."""

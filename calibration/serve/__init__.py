"""A small model served for real: our scheduler, torch's kernels, the wall clock. What the simulator is held against."""

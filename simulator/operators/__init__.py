"""Shape of the work -> work (FLOPs, bytes, kernels, collectives). No seconds here."""

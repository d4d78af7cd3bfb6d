"""Turn measured kernels into constants: estimators, held-out errors, files and plots."""

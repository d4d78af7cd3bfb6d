"""Set a run against a measurement, or against another run."""

"""Questions that take many runs: the largest load a configuration sustains under stated goals."""

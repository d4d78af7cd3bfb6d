"""One serving replica's scheduler, clock-free: what runs in the next step, on which KV blocks."""

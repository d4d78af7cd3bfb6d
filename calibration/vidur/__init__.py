"""A peer held beside ours: Vidur's kernel profiles, its iteration times and its per-request results."""

"""Capacity plans: the cheapest fleet that carries given traffic under given goals, and why it is that one."""

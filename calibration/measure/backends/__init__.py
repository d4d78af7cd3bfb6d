"""Backends: how one kind of device prepares a kernel call and times it. Vendor stacks are imported when one is made."""

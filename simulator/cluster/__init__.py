"""Replicas on a clock (SimPy), arrivals, and the splitter that sends requests to replicas."""

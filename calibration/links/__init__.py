"""Constants of collectives and transfers, and how they were fitted. Forms: ``simulator/links``."""

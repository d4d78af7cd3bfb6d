"""Host terms of a serving engine, fitted to whole measured runs: few parameters, never one per model."""

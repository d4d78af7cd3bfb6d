"""The user's scenario file: schema, loading with line numbers, overrides."""

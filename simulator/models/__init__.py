"""Model architectures: typed layer blocks, the config.json reader, the catalog."""

"""The files a user writes, explained from their schema: JSON schema, reference page, commented scenario."""

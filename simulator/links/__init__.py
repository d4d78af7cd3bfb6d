"""Links as shared resources: fair sharing of concurrent transfers, and collectives on the real topology."""

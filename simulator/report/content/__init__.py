"""What a report says about a result folder: one module per kind of folder, ``kinds`` chooses."""

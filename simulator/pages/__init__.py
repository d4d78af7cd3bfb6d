"""What a report says about a result folder: one page module per kind of folder, ``kinds`` chooses."""

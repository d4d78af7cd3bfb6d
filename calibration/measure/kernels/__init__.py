"""The torch kernels of each class. A builder returns calls that differ only in where their operands lie."""

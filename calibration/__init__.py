"""Calibration: timings of real kernels and runs, and the constants that follow from them.

Measurements come from the bundled harness (``calibration.measure``) or from other tools' tables
(``calibration.importers``), all in one CSV schema (``calibration.schema``); ``calibration.fit`` turns them into
``calibration/fits/<device>.yaml``, which the simulator reads.
"""

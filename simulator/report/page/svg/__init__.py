"""Panels as SVG: our own shapes from data, readable by a browser and by a person."""

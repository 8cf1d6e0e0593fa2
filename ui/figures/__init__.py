"""Figures on a page: counts, tiles, changes, charts, the city's own figures, definitions."""

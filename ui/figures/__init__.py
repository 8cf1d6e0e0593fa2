"""Figures on a page: tiles, changes, charts, the backlog's tables, the city's own figures, definitions."""

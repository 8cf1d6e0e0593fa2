"""Figures as they stand on a page.

Tiles and their changes, charts, the backlog's tables, the city's own figures, definitions, the mark for unconfirmed
terms. What a figure counts belongs to `queries/figures`.
Imports `base` and `address`.
"""

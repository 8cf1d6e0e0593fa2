"""Where reports lie: map points, squares, areas.

Imports `figures` and the rooms before it.
"""

"""Where reports lie: map points, squares, areas.

Imports `engine` and `figures`.
"""

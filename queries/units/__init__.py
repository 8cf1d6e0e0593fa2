"""Units: their family, heads, officers and duties.

Imports `engine` and `figures`.
"""

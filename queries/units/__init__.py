"""Units: their family, heads, officers and duties.

Imports `figures` and the rooms before it.
"""

"""Which cases: lists, one case and its history, search, what is urgent.

Imports `figures` and the rooms before it.
"""

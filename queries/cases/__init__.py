"""Which cases: lists, one case and its history, search, what is urgent.

Imports `engine` and `figures`.
"""

"""The commands of `python -m reportdb`, one file a family; each parses, calls another room and prints.

Imports `reportdb` and `safe_text`.
"""

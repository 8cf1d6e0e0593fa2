"""The commands of `python -m reportdb`, one file a family; reportdb/__main__.py puts them together.

May import every other room of reportdb. `figures` and `calendar check` also import `queries`, so that the command line
prints the pages' numbers by the pages' code.
"""

"""A first mapping for a new city's file, guessed from its header and the values of a sample.

Each line that is a guess says so in a comment. Reads files and writes TOML; knows nothing of the database.
"""

from reportdb.suggest.suggesting import suggest

__all__ = ["suggest"]

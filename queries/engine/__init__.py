"""How a question reaches the database, and who may have its answer.

The only way to the database (`database.py`), the answer cache, the statements' text, filters, scopes and their
signature, errors, timing. No question of its own.
Imports `registry` and no other room of `queries`.
"""

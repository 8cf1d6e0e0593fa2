"""How a question reaches the database, and who may have its answer.

The connection (the only one: `database.py`), the answer cache, the statements' text, filters, scopes and their
signature, small numbers, errors, timing. No question of its own.
Imports no other room of `queries`.
"""

"""The report database as a server and a schema: connection, embedded server, migrations, keys, restarts, disk.

Imports `safe_text` and no other room of `reportdb`.
"""

"""The report database: schema, embedded server, deadlines, importers, demo city, checks, command line.

It writes the database; `queries` reads it. Imports `safe_text` and nothing else of ours; `cli` imports `queries`, too.
"""

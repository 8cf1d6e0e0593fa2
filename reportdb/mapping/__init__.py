"""How one city's file is read: the mapping file (TOML) and its keys. docs/import.md describes them.

One file a subject: the values of its keys, and the function that reads them from a Table. `mapping.py` and
`mapping_file.py` assemble them. Knows neither a file's rows nor the database.
"""

"""The report database: its schema, its embedded server, the demo city, importers and its command line."""

"""The fast lane of an import: a large file into a database without reports, by all processors.

Gives the same rows as reportdb/importer does row by row; docs/import.md says when it is taken.
"""

"""A row of a source's file in our terms: its times, its point, its words. One file a kind of value.

Knows the mapping and nothing of the database; reportdb/importer writes what is read here.
"""

"""A city's own file of reports: how its mapping says it is written, what its rows hold, and which rows are rejected.

Knows nothing of the database's tables; reportdb/importer writes what is read here.
"""

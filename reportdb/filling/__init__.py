"""Fill the tables of reports where they are empty, in one transaction: each row is written once, each text masked once.

Knows the database's tables and sessions, and nothing of files or of the demo city.
"""

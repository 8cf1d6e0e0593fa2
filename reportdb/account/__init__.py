"""What an import says of a source's rows: their account, and why a whole file is refused.

Knows rows and mappings; reportdb/importer writes the rows and fills in the account.
"""

"""Cases as they stand on a page.

Lists, the worklist, one case and its history, the contact, files to take away.
Imports `base`, `address`, `live`, `access` and `figures`.
"""

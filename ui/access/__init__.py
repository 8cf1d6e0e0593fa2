"""Who is asking, and what they may open.

Sign-in, the one-time address, a proxy's proof, accounts and their pages, the viewer's language, the access log. What an
account may read is decided by the database, not here.
Imports `base`, `address` and `live`.
"""

"""Who may reach the server and how: the one-time address, walls' cookies, a proxy's proof, limits, the base path.

What an account may see is decided in ui/access/accounts.py and by the database. Nothing here draws, and no page is
imported.
"""

"""Who may reach the server, and how they prove it: the one-time address, walls' cookies, the proxy's proof.

What an account may see is decided in ui/access.py and by the database. Modules here know requests and settings; they
draw nothing, and ask the database nothing.
"""

"""What a request meets before any page, and what machines read.

The gate, the form of requests and answers, security headers, the checks at the start, the first document, fonts,
`/health`, `/metrics` and the status page. What an account may see is decided in ui/access/accounts.py and by the
database.
Imports the rooms before it: `base` to `wall`.
"""

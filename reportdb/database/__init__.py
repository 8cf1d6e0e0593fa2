"""Which database and as whom: its keys and logins. Imports `reportdb` and nothing else of ours."""

"""The report database's server and logins: lock files, disk, restarts, the order of an end, keys.

May import `reportdb` and nothing else of ours.
"""

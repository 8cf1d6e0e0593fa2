"""Keeping the embedded server up: its lock files, its disk, a restart by its users, and how a process leaves it.

May import nothing of ours outside this room; `reportdb/server.py` uses it.
"""

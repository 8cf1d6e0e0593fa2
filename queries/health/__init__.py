"""Whether the database delivers: what was committed, whether channels deliver, the server itself.

Imports `engine`.
"""

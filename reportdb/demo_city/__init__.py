"""What the invented Hanoi is made of: its places, units, categories and accounts, its rhythm, and numbers drawn at
random that are the same for the same seed. What becomes of a report there is in reportdb/demo.
"""

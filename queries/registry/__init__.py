"""Every figure, share and time once: its words, its kind, where it is counted, what it is part of. Imports nothing of
ours. The SQL of each figure stands under its name in `queries/engine/definitions.sql`.
"""

"""How units do.

Leaderboards and their intervals, one unit beside the city, signals.
Imports the rooms before it: `base` to `live_map`.
"""

"""A screen on a wall.

Its scenes and their templates, `screens.toml` and its tokens, and which screens were last seen.
Imports the rooms before it: `base` to `unit`.
"""

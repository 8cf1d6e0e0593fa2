"""What every other room of the interface builds on: words, theme, one run of a page, panels, states. Imports no other
room.
"""

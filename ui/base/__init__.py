"""What every other room of the interface builds on: words, theme, one run of a page, panels, states, and what we use of
Streamlit's internals. Imports no other room.
"""

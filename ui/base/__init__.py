"""What every other room of the interface builds on.

Words and their translation, theme, panels, thresholds, the viewport, page paths, one run of a page, and the one file
that touches Streamlit's internals. Nothing here knows a page or a figure's layout.
Imports `queries` and no other room of `ui`.
"""

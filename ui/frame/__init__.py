"""The frame around every page: header, navigation, filter bar, and what to say when a page fails.

Imports every room; no room imports it.
"""

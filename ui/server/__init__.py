"""How the dashboard meets the web: the path it lies below, the form of a request, temporary files.

Imports nothing of the pages and panels, so that the gate and any route can use it.
"""

"""How the dashboard starts and meets the web: settings files, its base path, the form of a request, temporary files.

Imports nothing of the pages and panels, so that the gate and any route can use it.
"""

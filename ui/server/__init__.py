"""How the dashboard starts and meets the web: settings files, base path, requests, limits, temporary files.

May import `ui` and `queries`, and no page.
"""

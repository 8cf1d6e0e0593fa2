"""How numbers stay fresh, for all viewers at once.

The watcher and its pulse, open sessions, the run queue, the heartbeat, the limits of one viewer, and the words for a
database or a connection that is away.
Imports `base`.
"""

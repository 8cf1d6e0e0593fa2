"""One watcher for all viewers: the pulse, sessions, the run queue, the heartbeat, limits, how fresh the data are."""

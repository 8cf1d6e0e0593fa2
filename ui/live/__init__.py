"""One watcher for all viewers: the pulse, open sessions, the run queue, the heartbeat, how fresh the data are."""

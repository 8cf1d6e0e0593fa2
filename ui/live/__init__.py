"""One watcher for all viewers: the pulse, open sessions, the run queue, the heartbeat, data freshness."""

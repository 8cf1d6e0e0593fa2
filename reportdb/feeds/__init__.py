"""Sources that are read again and again, whatever they speak: how far each has been read, how its records become rows,
how a batch is written together with the position, and what happens when a source does not answer.

`reportdb/open311` and `reportdb/sync` read their source; this room does the rest. It imports the importer.
"""

from reportdb.feeds.failures import FeedAway, FeedRefused

__all__ = ["FeedAway", "FeedRefused"]

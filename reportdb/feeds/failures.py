"""Why a source could not be read."""


class FeedAway(Exception):
    """The source does not answer now; trying again may help. `retry_after`: seconds it asked us to wait, or None."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FeedRefused(Exception):
    """The source, its address or the mapping has to be corrected first; the message says what."""

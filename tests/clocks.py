"""A clock that only a test moves, for what takes its clock as a parameter."""


class Clock:
    """Counts seconds, as time.monotonic does."""

    def __init__(self) -> None:
        """Begin at some moment."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.now += seconds

"""What keeps an answer away: the kinds of trouble a database can be in, told by its error codes and words."""

from typing import Literal

Kind = Literal[
    "unreachable",
    "silent",
    "slow",
    "crowded",
    "disk_full",
    "restarting",
    "refused",
    "unsigned",
    "read_only",
    "unprepared",
]
"""What keeps an answer away: nobody there; a connection on which nothing comes back; longer than we wait; no connection
left; no room on its disk; starting, stopping or recovering; we may not read; a scope that is not signed as the database
expects; a copy, that cannot be written to; not a report database."""

_BY_STATE: dict[str, Kind] = {
    "57014": "slow",  # query_canceled
    "53300": "crowded",  # too_many_connections
    "53100": "disk_full",
    "57P01": "restarting",  # admin_shutdown, crash_shutdown, cannot_connect_now
    "57P02": "restarting",
    "57P03": "restarting",
    "42501": "refused",  # insufficient_privilege
    "0A000": "read_only",  # feature_not_supported: a copy begins no transaction that writes
    "25006": "read_only",  # read_only_sql_transaction
    "40001": "slow",  # a copy gave up a question that held up what came from the primary
    "40P01": "slow",
}
# A refused connection carries no state, only words (in English, where the server was not told to speak otherwise).
_BY_WORDS: dict[str, Kind] = {
    "No space left on device": "disk_full",
    "Disk quota exceeded": "disk_full",
    "too many c": "crowded",
    "remaining connection slots": "crowded",
    "is starting up": "restarting",
    "is shutting down": "restarting",
    "not yet accepting": "restarting",
    "in recovery mode": "restarting",
    "permission denied": "refused",
    "authentication failed": "refused",
    "no pg_hba.conf entry": "refused",
    "does not exist": "refused",
}


class NoAnswer(Exception):
    """The report database gave no answer; the message is its own, for the log. `kind` says why."""

    def __init__(self, words: str = "", kind: Kind = "unreachable") -> None:
        super().__init__(words)
        self.kind = kind


class DatabaseAway(NoAnswer):
    """The report database does not answer now. What was asked may be asked again later."""


class NotAReportDatabase(NoAnswer):
    """The database answers, but does not hold the tables of a report database, or does not let us read them."""


def kind_of(error: BaseException | None) -> Kind:
    """Return what kind of trouble an error of the database's library is."""
    if state := getattr(error, "sqlstate", None):
        said = str(getattr(getattr(error, "diag", None), "message_primary", None))
        if state == "42501" and said.startswith("report.scope "):  # our own words, in schema/baseline/17_scope.sql
            return "unsigned"
        return _BY_STATE.get(state, "unreachable")
    words = str(error)
    return next((kind for hint, kind in _BY_WORDS.items() if hint in words), "unreachable")

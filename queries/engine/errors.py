"""The kinds of trouble with a database, derived from its error codes and messages."""

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
"""Why there is no answer: no server; a connection on which nothing comes back; a timeout; no free connection; a full
disk; starting, stopping or recovering; no permission; a scope whose signature is rejected; a standby, which cannot be
written to; not a report database."""

_BY_STATE: dict[str, Kind] = {
    "57014": "slow",  # query_canceled
    "53300": "crowded",  # too_many_connections
    "53100": "disk_full",
    "57P01": "restarting",  # admin_shutdown, crash_shutdown, cannot_connect_now
    "57P02": "restarting",
    "57P03": "restarting",
    "42501": "refused",  # insufficient_privilege
    "0A000": "read_only",  # feature_not_supported: a standby starts no writing transaction
    "25006": "read_only",  # read_only_sql_transaction
    "40001": "slow",  # a standby cancelled a query that conflicted with replay
    "40P01": "slow",
}
# A refused connection has no error code, only a message (in English unless the server is configured otherwise).
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
    """The report database gave no answer; the message is its own, for the log. `kind` is the reason."""

    def __init__(self, words: str = "", kind: Kind = "unreachable") -> None:
        super().__init__(words)
        self.kind = kind


class DatabaseAway(NoAnswer):
    """The report database does not answer now. The question may be asked again later."""


class NotAReportDatabase(NoAnswer):
    """The database answers, but does not hold the tables of a report database, or does not let us read them."""


def kind_of(error: BaseException | None) -> Kind:
    """Return the kind of trouble of an error from the database library."""
    if state := getattr(error, "sqlstate", None):
        said = str(getattr(getattr(error, "diag", None), "message_primary", None))
        if state == "42501" and said.startswith("report.scope "):  # our own message, in schema/baseline/17_scope.sql
            return "unsigned"
        return _BY_STATE.get(state, "unreachable")
    words = str(error)
    return next((kind for hint, kind in _BY_WORDS.items() if hint in words), "unreachable")

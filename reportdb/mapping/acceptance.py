"""What a file must be like to be imported at all, and what a report's absence from it means."""

from dataclasses import dataclass

from reportdb.mapping.table import Table


@dataclass(frozen=True)
class Acceptance:
    """The most that may go wrong, as shares from 0 to 1; and whether each file is a whole snapshot of what is open.

    `most_rejected` is a share of the rows, `most_missing` a share of the source's open reports.
    """

    most_rejected: float = 0.05
    missing_is_closed: bool = False
    most_missing: float = 0.5


def read_acceptance(source: Table) -> Acceptance:
    """Read the keys of `[source]` that say which file is refused, and what a missing report means.

    Raises ImportFailure.
    """
    return Acceptance(
        most_rejected=_share(source, "most_rejected", 0.05),
        missing_is_closed=source.choice("missing", ("kept", "closed"), "kept") == "closed",
        most_missing=_share(source, "most_missing", 0.5),
    )


def _share(source: Table, key: str, default: float) -> float:
    share = source.number(key, default)
    if not 0 <= share <= 1:
        source.refuse(key, f"must be a share from 0 to 1, not {share:g}")
    return share

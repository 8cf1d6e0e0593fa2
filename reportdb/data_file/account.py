"""What happened to the rows of a file."""

from collections import Counter
from dataclasses import dataclass, field

from reportdb.mapping.failure import ImportFailure


@dataclass
class Account:
    """What happened to the rows of a file, in numbers."""

    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0  # rows that say what another row of the file says, or an older version of it
    passed_over: int = 0  # rows that the mapping says are none of this kind
    rejected: Counter[str] = field(default_factory=Counter)  # by reason
    notes: Counter[str] = field(default_factory=Counter)  # values that count as unknown, and what else was noticed
    removed: int = 0  # of what earlier files told
    reports: int = 0  # reports that changed

    def check(self) -> None:
        """Raise ImportFailure if the numbers do not add up."""
        told = self.new + self.updated + self.unchanged + self.repeated + self.passed_over
        if self.read != told + self.rejected.total():
            raise ImportFailure(f"The rows do not add up, so nothing was imported: {self._equation()}. Tell us.")

    def sentences(self, *, dry_run: bool = False) -> list[str]:
        """Return the numbers in words, a line each."""
        lines = [f"{self._equation()}."]
        lines += [f"  rejected, {reason}: {count:,}" for reason, count in sorted(self.rejected.items())]
        lines += [f"  noted, {reason}: {count:,}" for reason, count in sorted(self.notes.items())]
        if self.removed:
            lines.append(f"{self.removed:,} of earlier files are gone, because this file no longer holds them.")
        if self.reports:
            lines.append(f"{self.reports:,} reports changed.")
        if dry_run:
            lines.append("Nothing was written: this was a dry run.")
        return lines

    def _equation(self) -> str:
        parts = {
            "new": self.new,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "repeated": self.repeated,
            "passed over": self.passed_over,
            "rejected": self.rejected.total(),
        }
        rest = {
            word: count for word, count in parts.items() if count or word in {"new", "updated", "unchanged", "rejected"}
        }
        return f"{self.read:,} rows read = {' + '.join(f'{count:,} {word}' for word, count in rest.items())}"

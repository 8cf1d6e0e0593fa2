"""The times of a clean block's rows, in the order that reportdb/rows/times.py asks for.

A row is taken if its times are in order as they stand: nothing before the submission, nothing in the future.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reportdb.fast_lane.words import Column, Meanings, meanings
from reportdb.mapping.mapping import Mapping
from reportdb.rows.moments import BLANK, MomentReader, Reading
from reportdb.rows.row import Fields
from reportdb.rows.times import SLACK

Rows = NDArray[np.bool_]
Instants = NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NONE = np.iinfo(np.int64).min
_INSTANT = pa.timestamp("us")


@dataclass
class BlockTimes:
    """The times of a block's rows in microseconds since 1970, and which rows have times in order."""

    taken: Rows
    submitted: Instants
    received: Instants
    due: Instants
    ended: Instants
    changed: Instants

    @property
    def has_received(self) -> Rows:
        """Which rows have a time of receipt."""
        return _known(self.received)

    @property
    def has_ended(self) -> Rows:
        """Which rows have a closing time."""
        return _known(self.ended)

    @property
    def has_changed(self) -> Rows:
        """Which rows say when the source changed them."""
        return _known(self.changed)

    def columns(self) -> dict[str, pa.Array]:
        """Return the columns of `staged` that are times and nothing else."""
        named = {"submitted_at": self.submitted, "received_at": self.received, "due_at": self.due}
        return {name: _array(each) for name, each in named.items()} | {"changed_at": _array(self.changed)}

    def ended_where(self, closed: Rows) -> pa.Array:
        """Return the ends of closed reports; of those without a closing time their last change or their submission."""
        instead = np.where(self.has_changed, self.changed, self.submitted)
        return _array(np.where(closed, np.where(self.has_ended, self.ended, instead), _NONE))


def _known(instants: Instants) -> Rows:
    known: Rows = instants != _NONE
    return known


def _array(instants: Instants) -> pa.Array:
    return pa.array(instants, pa.int64(), mask=instants == _NONE).cast(_INSTANT)


class TimeBlockReader:
    """Reads the times of one file's blocks. `at` is the time of the import."""

    def __init__(self, mapping: Mapping, at: datetime) -> None:
        self._mapping = mapping
        self._latest = (at + SLACK - _EPOCH) // _MICROSECOND
        zone = ZoneInfo(mapping.city.time_zone)
        self._submitted = MomentReader(mapping.submitted, zone)
        self._received, self._due, self._changed = (
            MomentReader(moment, zone) if moment else None
            for moment in (mapping.received, mapping.due, mapping.changed)
        )
        self._ended = [MomentReader(moment, zone) for moment in mapping.ended]

    def read(self, columns: dict[str, Column], rows: int) -> BlockTimes:
        """Return the times of so many rows."""
        submitted, plain = self._instants(self._submitted, columns, rows)
        taken = plain & (submitted != _NONE)
        received, fine = self._happened(self._received, columns, rows, submitted)
        taken &= fine
        due, plain = self._instants(self._due, columns, rows)
        taken &= plain
        changed, fine = self._happened(self._changed, columns, rows, submitted)
        taken &= fine
        ended = np.full(rows, _NONE)
        for reader in self._ended:  # the first that is filled
            open_still = ended == _NONE
            found, fine = self._happened(reader, columns, rows, submitted)
            taken &= fine | ~open_still
            ended = np.where(open_still, found, ended)
        return BlockTimes(taken, submitted, received, due, ended, changed)

    def _happened(
        self, reader: MomentReader | None, columns: dict[str, Column], rows: int, submitted: Instants
    ) -> tuple[Instants, Rows]:
        instants, plain = self._instants(reader, columns, rows)
        return instants, plain & ((instants == _NONE) | ((instants >= submitted) & (instants <= self._latest)))

    def _instants(self, reader: MomentReader | None, columns: dict[str, Column], rows: int) -> tuple[Instants, Rows]:
        """Return a time of each row, and in which rows its words mean it or nothing, whatever else stands there."""
        if reader is None:
            return np.full(rows, _NONE), np.ones(rows, dtype=bool)
        names = list(dict.fromkeys(reader.moment.columns))
        row = Fields(self._mapping, {name: place for place, name in enumerate(names)})
        found: Meanings[Reading] = meanings(columns, names, rows, lambda words: _reading(reader, row, words))
        each = np.array(
            [(reading.instant - _EPOCH) // _MICROSECOND if reading.instant else _NONE for reading in found.each],
            dtype=np.int64,
        )
        return each[found.places], found.where(lambda reading: reading.reason is None and reading.as_day is None)


def _reading(reader: MomentReader, row: Fields, words: Sequence[str]) -> Reading:
    """Return what words in the columns of a time mean by themselves."""
    row.load(list(words))
    parts = [part for part in map(row.value, reader.moment.columns) if part]
    return reader.read(" ".join(parts)) if parts else BLANK

"""What the importer needs of a lane that reads rows beside it (reportdb/fast_lane)."""

from datetime import datetime
from typing import Protocol

from reportdb.rows.rows import RowReader
from reportdb.source_file.raw_row import RowSource


class Lane(Protocol):
    """Reads most rows by itself, into the scratch table `staged`, and leaves the others to the importer."""

    def take(self, reader: RowReader, at: datetime) -> RowSource:
        """Return the rows that are left, in the transaction of the import; `reader` is told the terms of the others."""

    def finish(self) -> int:
        """Complete `staged` once the rows that are left were staged; return how many others there are."""

"""Any city's reports from a CSV file, through a mapping file that says how the city writes them.

This room writes into the database what reportdb/rows has read. What differs between cities belongs into a
mapping there, not into code.
"""

from reportdb.account.account import Counts
from reportdb.importer.importing import import_reports, import_rows
from reportdb.mapping.failure import ImportFailure

__all__ = ["Counts", "ImportFailure", "import_reports", "import_rows"]

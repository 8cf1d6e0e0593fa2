"""Any city's reports from a CSV file, through a mapping file that says how the city writes them."""

from reportdb.importer.importing import Counts, import_reports
from reportdb.source_file.failure import ImportFailure

__all__ = ["Counts", "ImportFailure", "import_reports"]

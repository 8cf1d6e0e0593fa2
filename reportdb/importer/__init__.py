"""Any city's reports from a CSV file, through a mapping file that says how the city writes them.

What differs between cities belongs into a mapping (`mappings/`), not into code. Imports `deadlines`, `reportdb.areas`,
`reportdb.spelling` and `reportdb.summary`.
"""

from reportdb.importer.failure import ImportFailure
from reportdb.importer.importing import Counts, import_reports

__all__ = ["Counts", "ImportFailure", "import_reports"]

"""The path of each page."""

OVERVIEW = ""
LIVE_MAP = "map"
BACKLOG = "backlog"
OVERDUE = "overdue"
UNIT = "unit"
REPORT = "report"
CASES = "cases"
DEFINITIONS = "definitions"
STATUS = "status"
ACCESS = "access"
WALL = "wall"

PATHS = (OVERVIEW, LIVE_MAP, BACKLOG, OVERDUE, UNIT, CASES, REPORT, DEFINITIONS, STATUS, ACCESS)
"""Every page with a header, in the order of the navigation; a wall has none."""
WITHOUT_FILTERS = (REPORT, STATUS, ACCESS)
"""Pages on which filters have no effect."""

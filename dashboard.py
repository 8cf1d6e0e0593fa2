"""The application: starts the report database, watches it, serves fonts and map data, and frames the pages.

Run by `streamlit run dashboard.py`, or by any ASGI server as `dashboard:app`.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import streamlit as st

from reportdb.connection import URL_VARIABLE, DatabaseUnreachable, report_database
from reportdb.migrations import SchemaError
from reportdb.server import ServerError
from ui import live, status, thresholds
from ui.exports import export_routes
from ui.metrics import metric_routes
from ui.routes import routes

_FRAME = Path(__file__).parent / "ui" / "frame.py"


@asynccontextmanager
async def _running(_: st.App) -> AsyncIterator[None]:
    """Hold the report database while the application runs.

    A database of the city's own (REPORT_DB_URL) is read as it is; the embedded one is started and kept current.
    """
    with ExitStack() as held:
        try:
            url = os.environ.get(URL_VARIABLE) or held.enter_context(report_database())
            thresholds.thresholds()
        except (DatabaseUnreachable, SchemaError, ServerError, thresholds.SettingsError) as error:
            sys.exit(f"The dashboard cannot start. {error}")
        held.enter_context(live.watching(url))
        yield


app = st.App(
    _FRAME, on_script_error=status.unforeseen, lifespan=_running, routes=routes + export_routes + metric_routes
)

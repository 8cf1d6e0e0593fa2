"""The application: starts the report database, watches it, serves fonts and map data, and frames the pages.

Run by `streamlit run dashboard.py`, or by any ASGI server as `dashboard:app`.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from reportdb.beat import beating
from reportdb.connection import (
    URL_VARIABLE,
    WRITE_URL_VARIABLE,
    DatabaseUnreachable,
    report_database,
    understood,
)
from reportdb.migrations import SchemaError
from reportdb.server import ServerError
from ui import first_page, gate, live, metrics, opening, process, sign_in, status, thresholds
from ui.downloads import export_routes
from ui.heartbeat import beat_routes
from ui.routes import routes
from ui.server.settings import SettingsError

_FRAME = Path(__file__).parent / "ui" / "frame.py"


@asynccontextmanager
async def _running(_: st.App) -> AsyncIterator[None]:
    """Hold the report database while the application runs.

    A database of the city's own (REPORT_DB_URL) is read as it is; the embedded one is started and kept current. Where
    that is a copy, the access log is written on its primary (REPORT_DB_WRITE_URL).
    """
    process.prepare()
    with ExitStack() as held:
        try:
            said = opening.opening()
            sign_in.tie_sessions()
            metrics.readers()
            named, to_write = os.environ.get(URL_VARIABLE), os.environ.get(WRITE_URL_VARIABLE)
            url = understood(named) if named else held.enter_context(report_database())
            write_url = understood(to_write, WRITE_URL_VARIABLE) if to_write else None
            thresholds.thresholds()
        except (
            DatabaseUnreachable,
            SchemaError,
            ServerError,
            SettingsError,
            thresholds.SettingsError,
        ) as error:
            sys.exit(f"The dashboard cannot start. {error}")
        if said:
            sys.stdout.write(f"  {said}\n\n")
            sys.stdout.flush()
        if not named:
            held.enter_context(beating(url))
        held.enter_context(live.watching(url, write_url))
        yield


app = st.App(
    _FRAME,
    on_script_error=status.unforeseen,
    lifespan=_running,
    routes=routes + export_routes + beat_routes + metrics.metric_routes + first_page.routes,
    middleware=[Middleware(gate.Gate)],
)

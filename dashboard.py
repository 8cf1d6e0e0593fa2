"""The application: starts the report database, watches it, serves fonts and map data, and frames the pages.

Run by `streamlit run dashboard.py`, or by any ASGI server as `dashboard:app`.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from reportdb.database.beat import beating
from reportdb.database.connection import (
    URL_VARIABLE,
    WRITE_URL_VARIABLE,
    DatabaseUnreachable,
    report_database,
    understood,
)
from reportdb.database.embedded_server import ServerError
from reportdb.database.migrations import SchemaError
from reportdb.database.scope_key import dashboard_url, embedded_scope_key
from reportdb.database.supervisor import why_away
from safe_text import terminal_text
from ui.access import sign_in
from ui.base import process, thresholds
from ui.base.base_path import BelowBase
from ui.base.settings import SettingsError
from ui.base.temporary_files import temporary_folder
from ui.cases.downloads import export_routes
from ui.live import freshness, watch
from ui.live.heartbeat import beat_routes
from ui.server import first_page, gate, metrics, startup_check
from ui.server.fonts import routes
from ui.server.request_form import OnlyPagesAreHtml

_FRAME = Path(__file__).parent / "ui" / "frame" / "page_frame.py"


@asynccontextmanager
async def _running(_: st.App) -> AsyncIterator[None]:
    """Hold the report database while the application runs.

    A database of the city's own (REPORT_DB_URL) is read as it is. The embedded one is started and migrated, and queried
    by a login that owns nothing. If the city's own is a standby, the access log is written on its primary
    (REPORT_DB_WRITE_URL).
    """
    process.prepare()
    with ExitStack() as held:
        try:
            held.enter_context(temporary_folder())
            said = startup_check.startup_check()
            sign_in.tie_sessions()
            metrics.readers()
            named, to_write = os.environ.get(URL_VARIABLE), os.environ.get(WRITE_URL_VARIABLE)
            key = startup_check.scope_key()
            find_key = (lambda: key) if key else None
            if named:
                url = understood(named)
            else:
                owner_url = held.enter_context(report_database())
                url, find_key = dashboard_url(owner_url), partial(embedded_scope_key, owner_url)
            write_url = understood(to_write, WRITE_URL_VARIABLE) if to_write else None
            thresholds.thresholds()
        except (
            DatabaseUnreachable,
            SchemaError,
            ServerError,
            SettingsError,
            thresholds.SettingsError,
        ) as error:
            sys.exit(f"The dashboard cannot start. {terminal_text(str(error))}")
        if said:
            sys.stdout.write(f"  {said}\n\n")
            sys.stdout.flush()
        if not named:
            held.enter_context(beating(owner_url))
        held.enter_context(
            watch.watching(
                url,
                write_url,
                find_key,
                why_away=lambda: None if named else why_away(),
                reads_accounts=lambda: sign_in.sign_in().way != "nobody",
            )
        )
        yield


startup_check.refuse_broken_files()
app = st.App(
    _FRAME,
    on_script_error=freshness.unforeseen,
    lifespan=_running,
    routes=[BelowBase(routes + export_routes + beat_routes + metrics.metric_routes + first_page.routes)],
    middleware=[Middleware(gate.Gate), Middleware(OnlyPagesAreHtml)],
)

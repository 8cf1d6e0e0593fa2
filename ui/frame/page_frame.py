"""The frame of every page: language, navigation, filters, freshness, and messages when the database fails.

Streamlit runs this script for each viewer at each change; it draws one page of `pages/` and the heartbeat.
"""

from contextlib import suppress

import streamlit as st

from queries.engine.database import DatabaseAway, NotAReportDatabase
from queries.figures.figures import NoCity
from ui.access import accounts, languages, record
from ui.base import page_paths, run, viewport
from ui.base.i18n import _
from ui.frame import filter_bar, navigation
from ui.live import data_age, freshness, watch
from ui.live.heartbeat import heartbeat
from ui.wall import wall

languages.begin()
st.set_page_config(page_title=_("Citizens' reports"), page_icon="ui/assets/icon.svg", layout="wide")
with watch.drawing(accounts.drawn_for()) as viewer:
    page = navigation.turned_to()
    # After the navigation: a rerun caused before it would run the default page.
    viewport.begin(watch.viewer().name)
    if viewer.too_often:
        freshness.too_often()
        viewer.not_drawn()
        heartbeat(page.url_path, freshness.until(viewer.too_often))
        st.stop()
    if page.url_path == page_paths.WALL:  # it has no header and no filters, and handles outages itself
        page.run()
        heartbeat(page.url_path, wall.is_still_valid())
        st.stop()
    if isinstance(account := accounts.begin(), accounts.Stranger):
        accounts.draw_door(account)
        heartbeat(page.url_path, accounts.is_still_valid())
        st.stop()
    record.begin_run(page.url_path)
    shown, address = watch.watcher().shown, (watch.address(page.url_path), account.scope)
    pulse, stay = viewer.pulse, watch.stays_at(address)
    with st.container(horizontal=True, vertical_alignment="center", key="top"):
        top = st.container(width="stretch")
        with st.container(width="content", gap=None):
            data_age.show()
            heartbeat(page.url_path, accounts.is_still_valid())
            accounts.way_out()
    seen = None
    try:
        if pulse.city is None:
            raise pulse.trouble or DatabaseAway()
        reports = watch.watcher().reports
        now, default = (stay.at, stay.at) if stay else (pulse.at, pulse.default)
        seen = filter_bar.choose(
            reports,
            pulse.city,
            now=now,
            default=default,
            page=page.url_path,
            offered=page.url_path not in page_paths.WITHOUT_FILTERS,
            timed=navigation.depends_on_the_period(page.url_path),
            nowhere=navigation.nowhere(page.url_path),
            scope=account.scope,
        )
        run.begin(seen)
        navigation.open_own_unit(page.url_path, seen, account)
        with top:
            navigation.header(page.url_path, seen, freshness.freshness(pulse, seen, stay), account)
        if not accounts.may(account, page.url_path):
            accounts.not_for(page.url_path)
            st.stop()
        with suppress(run.Complete):
            page.run()
        if seen.live:  # a run that a click or a lost session ends early does not get here
            shown.record_success(address, seen.filters.at)
    except NoCity:
        freshness.empty_database(cures=account.role == "admin")
    except (DatabaseAway, NotAReportDatabase) as trouble:
        if seen and seen.live and shown.failed(address, seen.filters.at, trouble.kind):
            viewer.not_drawn()
            st.rerun()  # at the last good moment of this address, whose answers are still cached
        freshness.database_away(pulse, trouble, cures=account.role == "admin")
    if seen is None:
        with top:
            navigation.header(page.url_path, None, freshness.freshness(pulse, None), account)
        if page.url_path == page_paths.STATUS and accounts.may(account, page_paths.STATUS):
            page.run()  # the status page needs no database

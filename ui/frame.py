"""The frame around every page: language, navigation, filters, how fresh the numbers are, and what to do when they fail.

Streamlit runs this script for each viewer on each change; it draws one page of `pages/` and the heartbeat.
"""

from contextlib import suppress

import streamlit as st

from queries.database import DatabaseAway, NotAReportDatabase
from queries.figures import NoCity
from ui import access, age, filters, languages, links, live, pages, record, screen, status, viewing, wall
from ui.heartbeat import heartbeat
from ui.words import _

languages.begin()
st.set_page_config(page_title=_("Citizens' reports"), page_icon="ui/assets/icon.svg", layout="wide")
with live.drawing(access.drawn_for()) as viewer:
    page = pages.turned_to()
    screen.begin()  # after the navigation: an answer before it would run the page that has no address
    if viewer.too_often:
        status.too_often()
        viewer.not_drawn()
        heartbeat(page.url_path, status.until(viewer.too_often))
        st.stop()
    if page.url_path == links.WALL:  # it has no header, no filters, and its own way to outlive an outage
        page.run()
        heartbeat(page.url_path, wall.stands())
        st.stop()
    if isinstance(account := access.begin(), access.Stranger):
        access.draw_door(account)
        heartbeat(page.url_path, access.stands())
        st.stop()
    record.begin_run(page.url_path)
    shown, address = live.watcher().shown, (live.address(page.url_path), account.scope)
    pulse, stay = viewer.pulse, live.stays_at(address)
    with st.container(horizontal=True, vertical_alignment="center", key="top"):
        top = st.container(width="stretch")
        with st.container(width="content", gap=None):
            age.show()
            heartbeat(page.url_path, access.stands())
            access.way_out()
    seen = None
    try:
        if pulse.city is None:
            raise pulse.trouble or DatabaseAway()
        reports = live.watcher().reports
        now, usual = (stay.at, stay.at) if stay else (pulse.at, pulse.usual)
        seen = filters.choose(
            reports,
            pulse.city,
            now=now,
            usual=usual,
            page=page.url_path,
            offered=page.url_path not in links.WITHOUT_FILTERS,
            timed=pages.depends_on_the_period(page.url_path),
            nowhere=pages.nowhere(page.url_path),
            scope=account.scope,
        )
        viewing.begin(seen)
        pages.open_own_unit(page.url_path, seen, account)
        with top:
            pages.header(page.url_path, seen, status.freshness(pulse, seen, stay), account)
        if not access.may(account, page.url_path):
            access.not_for(page.url_path)
            st.stop()
        with suppress(viewing.Complete):
            page.run()
        if seen.live:  # a run that is cut short, by a click or a lost session, ends before this
            shown.whole(address, seen.filters.at)
    except NoCity:
        status.empty_database(cures=account.role == "admin")
    except (DatabaseAway, NotAReportDatabase) as trouble:
        if seen and seen.live and shown.failed(address, seen.filters.at, trouble.kind):
            viewer.not_drawn()
            st.rerun()  # at the moment this address was last shown whole at, whose answers are still remembered
        status.database_away(pulse, trouble, cures=account.role == "admin")
    if seen is None:
        with top:
            pages.header(page.url_path, None, status.freshness(pulse, None), account)
        if page.url_path == links.STATUS and access.may(account, links.STATUS):
            page.run()  # it can say what is wrong without the database

"""The frame around every page: language, navigation, filters, how fresh the numbers are, and what to do when they fail.

Streamlit runs this script for each viewer on each change; it draws one page of `pages/` and the heartbeat.
"""

import streamlit as st

from queries.database import DatabaseAway, NotAReportDatabase
from queries.figures import NoCity
from ui import access, age, filters, live, pages, screen, status, viewing, wall, words
from ui.words import _

words.read_language()
st.set_page_config(page_title=_("Citizens' reports"), page_icon="ui/assets/icon.svg", layout="wide")
pulse = live.begin()
age.begin()


def beat() -> None:
    """What is done with every beat of the heart beside looking for something new."""
    access.beat()
    age.beat()


page = st.navigation(pages.pages(), position="hidden")
screen.begin()  # after the navigation: an answer before it would run the page that has no address
if page.url_path == pages.WALL:  # it has no header, no filters, and its own way to outlive an outage
    page.run()
    live.heartbeat(wall.beat)
    st.stop()
if isinstance(viewer := access.begin(), access.Stranger):
    access.door(viewer)
    live.heartbeat(access.beat)
    st.stop()
if stay := live.stays_at(page.url_path):
    age.stays_at(stay)
with st.container(horizontal=True, vertical_alignment="center", key="top"):
    top = st.container(width="stretch")
    with st.container(width="content", gap=None):
        age.show()
        live.heartbeat(beat)
        access.way_out()
seen = None
shown, address = live.watcher().shown, live.address(page.url_path)
try:
    if pulse.city is None:
        raise pulse.trouble or DatabaseAway()
    reports = live.watcher().reports
    seen = filters.choose(
        reports, pulse.city, now=stay or pulse.at, usual=stay or pulse.usual, page=page.url_path, scope=viewer.scope
    )
    viewing.begin(seen)
    with top:
        pages.header(page.url_path, seen, status.freshness(pulse, seen), viewer)
    if not access.may(viewer, page.url_path):
        access.not_for(page.url_path)
        st.stop()
    page.run()
    if seen.live:
        shown.whole(address, seen.filters.at)
except NoCity:
    status.empty_database()
except (DatabaseAway, NotAReportDatabase) as trouble:
    if seen and seen.live and shown.failed(address, seen.filters.at):
        age.not_drawn()
        st.rerun()  # at the moment this address was last shown whole at, whose answers are still remembered
    status.database_away(pulse, trouble)
if seen is None:
    with top:
        pages.header(page.url_path, None, status.freshness(pulse, None), viewer)
    if page.url_path == pages.STATUS and access.may(
        viewer, pages.STATUS
    ):  # it can say what is wrong without the database
        page.run()

"""The frame around every page: language, navigation, filters, how fresh the numbers are, and what to do when they fail.

Streamlit runs this script for each viewer on each change; it draws one page of `pages/` and the heartbeat.
"""

import streamlit as st

from queries.database import DatabaseAway, NotAReportDatabase
from queries.figures import NoCity
from ui import filters, live, pages, screen, status, viewing, words
from ui.words import _

words.read_language()
st.set_page_config(page_title=_("Citizens' reports"), page_icon="ui/assets/icon.svg", layout="wide")
pulse = live.begin()

page = st.navigation(pages.pages(), position="hidden")
screen.begin()  # after the navigation: an answer before it would run the page that has no address
top = st.container()
seen = None
try:
    if pulse.city is None:
        raise pulse.trouble or DatabaseAway()
    reports = live.watcher().reports
    seen = filters.choose(reports, pulse.city, now=pulse.at, usual=pulse.usual, page=page.url_path)
    viewing.begin(seen)
    with top:
        pages.header(page.url_path, seen, status.freshness(pulse, seen))
    page.run()
except NoCity:
    status.empty_database()
except NotAReportDatabase:
    status.not_a_report_database()
except DatabaseAway:
    status.database_away(pulse)
if seen is None:
    with top:
        pages.header(page.url_path, None, status.freshness(pulse, None))
live.heartbeat()

"""The viewer's language: the address's, else the account's, else the browser's, else the city's own."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from queries.access.accounts import Account, accounts
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.figures import City
from queries.figures.figures import city as city_of
from reportdb.users import User, users, write_users
from tests.reports import T, small_city
from ui.access import languages
from ui.base import i18n, levels
from ui.base.i18n import speaking
from ui.base.run import Run
from ui.cases import exports
from ui.figures import charts


def city(*spoken: str, country: str = "VN") -> City:
    return City("test", "Thành phố", "City", "Asia/Ho_Chi_Minh", False, None, T, T, country, spoken)


def account(language: str | None) -> Account:
    return Account("lan", "Lan", "leader", ALL_CASES, None, language)


@pytest.mark.parametrize(
    ("accepted", "liked"),
    [
        ("", []),
        ("*", []),
        ("en-US,en;q=0.9,vi;q=0.8", ["en", "vi"]),
        ("vi;q=0.3, en-GB;q=0.7", ["en", "vi"]),
        ("fr-FR,fr;q=0.9,en;q=0.5", ["fr", "en"]),
        ("en;q=0, vi", ["vi"]),
        ("en;q=lots, vi;q=nan, xx;q=2", []),
        ("EN-us", ["en"]),
        (",;=,-,1;q=1", []),
    ],
)
def test_a_browsers_languages_are_read_by_preference(accepted: str, liked: list[str]) -> None:
    assert languages.preferred(accepted) == liked


@pytest.mark.parametrize(
    ("spoken", "own", "accepted", "first"),
    [
        (("vi", "en"), None, "en-US,en;q=0.9", "en"),
        (("vi", "en"), None, "vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        (("vi", "en"), None, "*", "vi"),
        (("vi", "en"), None, "fr", "vi"),
        (("en", "vi"), None, "", "en"),
        (("vi", "en"), "vi", "en-US", "vi"),
        (("vi", "en"), "en", "vi", "en"),
        (("vi",), "en", "en", "vi"),
        (("en",), None, "vi", "en"),
    ],
)
def test_the_account_comes_before_the_browser_and_the_browser_before_the_city(
    spoken: tuple[str, ...], own: str | None, accepted: str, first: str
) -> None:
    found = languages.ordered(city(*spoken), own, accepted)
    assert found[0] == first
    assert set(found) == set(spoken), "no language is offered that the city does not name"


def test_an_unknown_city_offers_all_languages() -> None:
    assert languages.ordered(None, None, "en") == ("en", "vi")
    assert languages.offered_by(None) == i18n.LANGUAGES


@pytest.mark.parametrize(
    ("address", "own", "accepted", "spoken"),
    [("", None, "en", "en"), ("vi", None, "en", "vi"), ("xx", "vi", "en", "vi"), ("en", "vi", "vi", "en")],
)
def test_a_file_and_a_map_speak_as_the_page_does(address: str, own: str | None, accepted: str, spoken: str) -> None:
    request: Any = SimpleNamespace(headers={"accept-language": accepted}, query_params={"lang": address})
    assert languages.of_request(request, account(own), city("vi", "en")) == spoken


def test_a_wall_without_a_language_speaks_the_citys_own() -> None:
    assert languages.of_screen("", city("en", "vi")) == "en"
    assert languages.of_screen("vi", city("en", "vi")) == "vi"
    assert languages.of_screen("", None) == "vi"


def page() -> None:
    """A page that shows its language and a date, as Streamlit runs it."""
    from datetime import date

    import streamlit as st

    from ui.base import i18n

    i18n.offer(("en", "vi"), "US")
    st.text(f"{i18n.language()} {i18n.day(date(2026, 11, 21))} {i18n.offered()}")


@pytest.mark.parametrize(
    ("address", "said"),
    [("", "en 11/21/2026"), ("vi", "vi 21/11/2026"), ("en", "en 11/21/2026"), ("xx", "en 11/21/2026")],
)
def test_the_address_comes_before_all(address: str, said: str) -> None:
    app = AppTest.from_function(page)
    app.query_params["lang"] = address
    app.run()
    assert app.text[0].value == f"{said} ('en', 'vi')"


@pytest.mark.parametrize(
    ("language", "country", "day", "moment", "short", "cell", "tag"),
    [
        ("vi", "VN", "21/11/2026", "21/11/2026 08:05", "%d/%m", "dd/mm/yyyy hh:mm", "vi"),
        ("en", "VN", "21/11/2026", "21/11/2026 08:05", "%d/%m", "dd/mm/yyyy hh:mm", "en-GB"),
        ("en", "US", "11/21/2026", "11/21/2026 08:05", "%m/%d", "mm/dd/yyyy hh:mm", "en-US"),
        ("vi", "US", "21/11/2026", "21/11/2026 08:05", "%d/%m", "dd/mm/yyyy hh:mm", "vi"),
        ("en", "CA", "2026-11-21", "2026-11-21 08:05", "%m-%d", "yyyy-mm-dd hh:mm", "en-CA"),
    ],
)
def test_a_date_has_the_form_of_the_language_in_the_citys_country(
    language: i18n.Language, country: str, day: str, moment: str, short: str, cell: str, tag: str
) -> None:
    with speaking(language, country):
        assert i18n.day(date(2026, 11, 21)) == day
        assert i18n.moment(datetime(2026, 11, 21, 8, 5, tzinfo=UTC)) == moment
        assert charts.days_axis()["tickformat"] == short
        assert exports._excel_moment() == cell
        assert i18n.locale_tag() == tag


def test_shared_panels_are_kept_by_language(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    filters = Filters.of(at=T, zone=city("vi").zone)
    run = Run(reports, city_of(reports, T), filters, live=False, query={}, page="overview")
    drawn = []
    for language in i18n.LANGUAGES:
        with speaking(language):
            drawn.append(run.shared("heading", lambda: i18n._("Overview")))
    assert drawn == ["Tổng quan", "Overview"]


def test_an_account_keeps_its_language(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    lan = User("lan@hanoi.example", "Lan", "leader", language="en")
    assert write_users(connection, [lan])[0].reason == "name Lan; role leader; unit none; enabled; language en"
    assert accounts(reports)["lan@hanoi.example"].language == "en"
    assert write_users(connection, [User("lan@hanoi.example", "Lan", "leader", language="")]) == [], "as it was"
    changes = write_users(connection, [User("lan@hanoi.example", "Lan", "leader", language="vi")])
    assert [change.reason for change in changes] == ["language en is now vi"]
    changes = write_users(connection, [User("lan@hanoi.example", "Lan", "leader")])
    assert [change.reason for change in changes] == ["language vi is now of the browser"]
    assert [user.language for user in users(connection)] == [None]


def test_a_citys_levels_have_its_own_names(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    connection.execute(
        "insert into level_name values ('district', 'khu vực', 'khu vực', 'council district', 'council districts')"
    )
    found = city_of(reports, T)
    with speaking("en"):
        assert (levels.one(found, "district"), levels.many(found, "district")) == (
            "Council district",
            "Council districts",
        )
        assert levels.within(found, "district", many=False) == "council district"
        assert levels.many(found, "ward") == "Wards", "a level without a name of its own"
    with speaking("vi"):
        assert (levels.one(found, "district"), levels.one(found, "ward")) == ("Khu vực", "Phường, xã")

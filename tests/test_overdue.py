"""The overdue ranking: raw numbers, places, the oldest case, the worst category, on rows few enough to count by eye."""

from typing import Any

import pandas as pd
import psycopg
import pytest

from queries.cases.cases import case_count
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.overdue import city_overdue, overdue
from queries.figures.ranking import ranked
from tests.reports import DAY, HOUR, T, past, report, small_city
from tests.test_figures import HANOI

NOW = Filters.of(scope=ALL_CASES, at=T, zone=HANOI)


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    """Unit 1 has 2 of 6 open reports overdue, unit 2 has 1 of 1; ended ones and those without a holder do not count."""
    small_city(connection)
    report(connection, 1, due_at=T - HOUR)
    report(connection, 2, due_at=T - 5 * DAY, submitted_at=T - 6 * DAY, category_id=2)
    for number in (3, 4, 5):
        report(connection, number, due_at=T + DAY, category_id=2)
    report(connection, 6)
    report(connection, 7, due_at=T - HOUR, ended_at=T - HOUR)
    report(connection, 8, due_at=T - 9 * DAY, submitted_at=T - 10 * DAY, unit_id=2, district_id=2, ward_id=12)
    report(connection, 9, due_at=T - HOUR, unit_id=None, district_id=None, ward_id=None)
    return connection


def rows(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["code"]: {str(name): fact for name, fact in row.items()} for row in table.to_dict("records")}


@pytest.mark.usefixtures("city")
def test_each_unit_with_its_raw_numbers_its_oldest_case_and_its_worst_category(reports: ReportDatabase) -> None:
    units = rows(overdue(reports, NOW, by="unit"))
    assert set(units) == {"lang", "dong-anh"}
    lang = units["lang"]
    assert (lang["overdue"], lang["open"], lang["seriously_overdue"]) == (2, 6, 1)
    assert lang["overdue_share"] == pytest.approx(1 / 3)
    assert (lang["oldest_hours"], lang["oldest_code"]) == (120, "T-2")
    assert (lang["worst_category_id"], lang["worst_category_overdue"]) == (1, 1), "equal counts: the first category"


@pytest.mark.usefixtures("city")
def test_a_unit_with_few_open_reports_is_listed_last_and_not_ranked(reports: ReportDatabase) -> None:
    table = ranked(overdue(reports, NOW, by="unit"))
    assert table["code"].tolist() == ["lang", "dong-anh"]
    assert table["place"].iloc[0] == 1
    assert pd.isna(table["place"].iloc[1]), "1 of 1 is too few"


@pytest.mark.usefixtures("city")
def test_the_former_districts_are_compared_as_areas(reports: ReportDatabase) -> None:
    districts = rows(overdue(reports, NOW, by="district"))
    assert {code: (row["overdue"], row["open"]) for code, row in districts.items()} == {"006": (2, 6), "017": (1, 1)}


@pytest.mark.usefixtures("city")
def test_every_raw_number_is_what_its_list_counts(reports: ReportDatabase) -> None:
    for row in overdue(reports, NOW, by="unit").to_dict("records"):
        mine = NOW.choosing(units=(row["key"],))
        for figure in ("open", "overdue", "seriously_overdue"):
            assert case_count(reports, mine, figure=figure) == row[figure]


def test_the_past_is_ranked_as_it_was(city: psycopg.Connection, reports: ReportDatabase) -> None:
    past(city, 1, unit_id=2, due_at=T - 3 * DAY, valid_from=T - 2 * DAY, valid_to=T - HOUR)
    units = rows(overdue(reports, Filters.of(scope=ALL_CASES, at=T - 2 * HOUR, zone=HANOI), by="unit"))
    assert (units["dong-anh"]["overdue"], units["dong-anh"]["open"]) == (2, 2)
    assert (units["lang"]["overdue"], units["lang"]["open"]) == (1, 6), "the one answered an hour ago was open then"


@pytest.mark.usefixtures("city")
def test_nothing_overdue_has_no_oldest_case_and_no_worst_category(reports: ReportDatabase) -> None:
    row = overdue(reports, NOW.choosing(categories=(2,), units=(2,)), by="unit")
    assert row.empty
    earlier = overdue(reports, Filters.of(scope=ALL_CASES, at=T - 9 * DAY - HOUR, zone=HANOI), by="unit").iloc[0]
    assert (earlier["overdue"], earlier["open"], earlier["worst_category_overdue"]) == (0, 1, 0)
    assert pd.isna(earlier["oldest_hours"])
    assert earlier["oldest_code"] is None


@pytest.mark.usefixtures("city")
def test_the_city_and_its_predictions_do_not_depend_on_the_chosen_places(reports: ReportDatabase) -> None:
    assert city_overdue(reports, NOW) == (4, 8)
    assert city_overdue(reports, NOW.choosing(units=(1,), districts=(1,), wards=(11,))) == (4, 8)
    assert city_overdue(reports, NOW.choosing(square=(0, 0, 10, 10))) == (4, 8), (
        "a square of the map is part of the city only"
    )
    assert city_overdue(reports, NOW.choosing(categories=(2,))) == (1, 4)
    units = rows(overdue(reports, NOW, by="unit"))
    assert units["lang"]["expected"] == pytest.approx(2 * 3 / 4 + 4 * 1 / 4), "two of waste, four of roads"
    assert units["lang"]["ratio"] == pytest.approx(2 / 2.5)
    assert units["dong-anh"]["expected"] == pytest.approx(3 / 4)
    assert pd.isna(units["dong-anh"]["ratio"]), "less than one expected"
    alone = rows(overdue(reports, NOW.choosing(units=(1,)), by="unit"))
    assert alone["lang"]["expected"] == units["lang"]["expected"]

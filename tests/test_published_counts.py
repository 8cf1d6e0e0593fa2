"""The published counts of late August 2024, through the page's own query and ranking (docs/ranking.md)."""

import psycopg
import pytest

from queries.cases.cases import case_count
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.overdue import city_overdue, overdue
from queries.figures.ranking import ranked
from tests.published_counts import ASSUMED, AT, PUBLISHED, city_of_august_2024
from tests.test_figures import HANOI

NOW = Filters.of(at=AT, zone=HANOI)
UNITS = PUBLISHED | ASSUMED


@pytest.fixture(autouse=True)
def city(connection: psycopg.Connection) -> None:
    city_of_august_2024(connection)


def test_the_raw_counts_are_the_published_ones_and_open_those_cases(reports: ReportDatabase) -> None:
    table = overdue(reports, NOW, by="unit").set_index("code")
    found = {code: (row["overdue"], row["open"]) for code, row in table.to_dict("index").items()}
    assert found == {code: (late, opened) for code, (_name, late, opened) in UNITS.items()}
    for row in table.to_dict("records"):
        for figure in ("overdue", "open"):
            assert case_count(reports, NOW.choosing(units=(row["key"],)), figure=figure) == row[figure]
    assert city_overdue(reports, NOW) == (28, 220)


def test_the_fair_order_with_its_intervals(reports: ReportDatabase) -> None:
    table = ranked(overdue(reports, NOW, by="unit"))
    assert table["code"].tolist() == [
        "dong-anh",
        "thanh-oai",
        "so-xay-dung",
        "thanh-xuan",
        "ba-dinh",
        "hai-ba-trung",
        "so-gtvt",
        "dong-da",
    ]
    assert table["place"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    said = {
        row["code"]: tuple(round(row[name] * 100) for name in ("low", "fair_share", "high"))
        for row in table.to_dict("records")
    }
    assert said == {
        "dong-anh": (54, 73, 88),
        "thanh-oai": (36, 59, 81),
        "so-xay-dung": (24, 52, 79),
        "thanh-xuan": (0, 4, 11),
        "ba-dinh": (1, 4, 8),
        "hai-ba-trung": (0, 3, 9),
        "so-gtvt": (0, 2, 7),
        "dong-da": (0, 1, 4),
    }


def test_the_naive_order_differs_where_few_cases_decide_it(reports: ReportDatabase) -> None:
    table = ranked(overdue(reports, NOW, by="unit"), "naive").set_index("code")
    assert table["naive_place"].to_dict() == {
        "dong-anh": 1,
        "thanh-oai": 2,
        "so-xay-dung": 3,
        "ba-dinh": 4,
        "thanh-xuan": 4,
        "hai-ba-trung": 6,
        "dong-da": 7,
        "so-gtvt": 7,
    }
    apart = table["fair_place"] - table["naive_place"]
    assert apart[apart != 0].to_dict() == {"ba-dinh": 1, "dong-da": 1}


def test_what_the_mix_predicts(reports: ReportDatabase) -> None:
    table = overdue(reports, NOW, by="unit").set_index("code")
    assert table["expected"].sum() == pytest.approx(28), "the city's total equals what its mix predicts"
    assert table["ratio"]["dong-anh"] == pytest.approx(13 / table["expected"]["dong-anh"])
    assert table["ratio"].isna().to_dict() == {code: code == "so-xay-dung" for code in UNITS}

"""The dashboard's figures of real cities, beside what the cities published."""

from contextlib import closing
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from queries.database import ReportDatabase
from queries.figures import COUNTS, city, figures
from queries.filters import Filters
from queries.published import crossed, flags
from tests.imported import Imported

pytestmark = pytest.mark.real_data


def figures_of(imported: Imported, at: str, by: Any = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the figures at a moment of the city's own time, and the published flags beside ours."""
    with closing(ReportDatabase(imported.url)) as reports:
        zone = city(reports).zone
        filters = Filters.of(at=datetime.fromisoformat(at).replace(tzinfo=zone), zone=zone)
        return figures(reports, filters, by=by), crossed(flags(reports, filters))


def test_bostons_late_are_the_citys_overdue_and_its_blanks(boston: Imported) -> None:
    table, told = figures_of(boston, "2019-11-01T00:00")
    row = table.iloc[0]
    assert row["received"] == 58_251
    assert (row["resolved_late"], row["overdue"]) == (8_230, 3_449)
    assert row["resolved_late"] + row["overdue"] == 11_521 + 158
    assert told.loc["late"].to_dict() == {"late": 11_521, "in_time": 0, "no_deadline": 0}
    assert told.loc["unsaid"].to_dict() == {"late": 158, "in_time": 0, "no_deadline": 0}
    assert told.loc["in_time"].sum() == 46_572
    assert told.loc["in_time", "late"] == 0


def test_washingtons_open_and_overdue_add_up_by_ward(washington: Imported) -> None:
    table, _flags = figures_of(washington, "2016-08-16T10:20")
    assert table[["received", "open", "overdue"]].iloc[0].to_list() == [22_576, 6_809, 1_436]
    wards, _flags = figures_of(washington, "2016-08-16T10:20", by="ward")
    assert wards["code"].to_list() == list("12345678")
    assert wards[["received", "open", "overdue"]].sum().to_list() == [22_576, 6_809, 1_436]


def test_kansas_citys_flags_stand_beside_reports_without_a_deadline(kansas_city: Imported) -> None:
    table, told = figures_of(kansas_city, "2021-01-01T00:00")
    assert (table.iloc[0]["open"], table.iloc[0]["no_deadline"], table.iloc[0]["overdue"]) == (1_403, 1_403, 0)
    assert told["no_deadline"].to_dict() == {"late": 24_120, "unsaid": 3, "in_time": 56_080}
    units, _flags = figures_of(kansas_city, "2021-01-01T00:00", by="unit")
    assert units["name_en"].str.contains("Park").sum() == 1


@pytest.mark.parametrize("by", ["district", "ward", "unit", "category", "channel"])
def test_rows_add_up_to_the_whole(boston: Imported, by: str) -> None:
    whole, _flags = figures_of(boston, "2012-01-01T00:00")
    rows, _flags = figures_of(boston, "2012-01-01T00:00", by=by)
    counts = list(COUNTS)
    assert rows[counts].sum().to_dict() == whole[counts].iloc[0].to_dict()


def test_a_past_moment_asked_twice_answers_the_same(boston: Imported) -> None:
    first, _flags = figures_of(boston, "2011-10-01T08:00", by="unit")
    again, _flags = figures_of(boston, "2011-10-01T08:00", by="unit")
    pd.testing.assert_frame_equal(first, again)

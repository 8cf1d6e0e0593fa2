"""Three cities' published files: every row accounted for, and the cities' own figures reproduced."""

import csv
import gzip
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely

from reportdb.importer import Counts
from tests.imported import FILES, Imported

pytestmark = pytest.mark.real_data

NEW_YORK = ZoneInfo("America/New_York")
BOSTON_ENDS = datetime(2019, 11, 1, tzinfo=NEW_YORK)
WASHINGTON_ENDS = datetime(2016, 8, 16, 10, 20, tzinfo=NEW_YORK)


def test_every_row_of_boston_is_a_report_once(boston: Imported) -> None:
    # 4,775 on the default point, 13 in the harbour or beyond the city line; the file names a district for 1,938.
    # It does for 23 more, whose points lie in a neighborhood but outside every council district.
    found: dict[str, Any] = {"not_located": 2_850, "district_disagrees": 5_521, "by_source": 1_938 + 23}
    assert boston.first == Counts(58_251, 58_251, 0, 0, 0, **found)
    assert boston.second == Counts(58_251, 0, 0, 58_251, 0, **found)
    outside = "select count(*) from report join report_source on report_id = id where district_from_source and {}"
    assert boston.number(outside.format("ward_id is null")) == 4_775 + 13 - 2_850
    assert boston.number(outside.format("ward_id is not null")) == 23
    assert boston.number("select count(*) from report") == 58_251
    assert boston.number("select count(*) from report where lon is null") == 4_775


def test_bostons_late_and_overdue_are_the_citys_own_and_its_blanks(boston: Imported) -> None:
    closed_late = boston.number("select count(*) from report_at(%s) where ended_at > due_at", BOSTON_ENDS)
    overdue = boston.number(
        "select count(*) from report_at(%s) where ended_at is null and due_at < %s", BOSTON_ENDS, BOSTON_ENDS
    )
    assert (closed_late, overdue) == (8_230, 3_449)
    assert closed_late + overdue == 11_521 + 158


def test_every_row_of_boston_differs_from_the_citys_flag_only_where_that_is_blank(boston: Imported) -> None:
    compared = boston.connection.execute(
        """select published_late, coalesce(least(ended_at, %(at)s), %(at)s) > due_at is true as late, ended_at is null,
               count(*)
           from report_at(%(at)s) as report join report_source on report_id = id
           group by 1, 2, 3 order by 1, 2, 3""",
        {"at": BOSTON_ENDS},
    ).fetchall()
    counted = {(published, late): 0 for published, late, _, _ in compared}
    for published, late, _, number in compared:
        counted[published, late] += number
    assert counted == {(False, False): 46_572, (True, True): 11_521, (None, True): 158}
    assert [row[2:] for row in compared if row[0] is None] == [(False, 157), (True, 1)]


def test_bostons_wards_have_one_spelling_each(boston: Imported) -> None:
    wards = boston.table("select published_ward, count(*) from report_source group by 1")
    assert wards.keys() == {None, *(f"Ward {number}" for number in range(1, 23))}
    assert wards[None] == 2_867
    assert wards["Ward 3"] == 2_943 + 625


def test_bostons_calendar_stops_before_targets_of_2059(boston: Imported) -> None:
    assert boston.number("select extract(year from max(day)) from working_day") == 2013
    assert boston.number("select count(*) from report where extract(year from due_at) >= 2015") == 26


def test_washingtons_open_and_overdue_are_the_published_ones(washington: Imported) -> None:
    assert washington.first == Counts(22_576, 22_576, 0, 0, 0, not_located=0, district_disagrees=35)
    assert washington.second == Counts(22_576, 0, 0, 22_576, 0, not_located=0, district_disagrees=35)
    is_open = "select count(*) from report_at(%s) where ended_at is null"
    assert washington.number(is_open, WASHINGTON_ENDS) == 6_809
    assert washington.number(f"{is_open} and due_at < %s", WASHINGTON_ENDS, WASHINGTON_ENDS) == 1_436


def test_washington_by_ward_equals_a_recount_of_the_file(washington: Imported, cities: Path) -> None:
    with gzip.open(cities / FILES["washington"], "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wards = json.loads((cities / "dc_wards_2012.geojson").read_text(encoding="utf-8"))["features"]
    lon, lat = (np.array([float(row[axis]) for row in rows]) for axis in ("LONGITUDE", "LATITUDE"))
    ward = np.zeros(len(rows), dtype=int)
    for feature in reversed(wards):
        ward[shapely.intersects_xy(shapely.from_geojson(json.dumps(feature["geometry"])), lon, lat)] = feature[
            "properties"
        ]["WARD"]
    still_open, overdue = Counter[str](), Counter[str]()
    for number, row in zip(ward.tolist(), rows, strict=True):
        if not row["RESOLUTIONDATE"]:
            still_open[str(number)] += 1
            overdue[str(number)] += "" < row["SERVICEDUEDATE"] < "2016-08-16T10:20:00.000Z"
    by_ward = """select area.code, count(*) filter (where {}) from report_at(%s) as report
                 join area on area.id = ward_id where ended_at is null group by 1"""
    assert washington.table(by_ward.format("true"), WASHINGTON_ENDS) == still_open
    assert washington.table(by_ward.format("due_at < %s"), WASHINGTON_ENDS, WASHINGTON_ENDS) == overdue
    assert sum(overdue.values()) == 1_436


def test_washingtons_two_spellings_of_in_progress_are_one_status(washington: Imported) -> None:
    assert washington.table("select status, count(*) from report group by 1") == {
        "waiting": 3_657 + 332,
        "in_progress": 2_814 + 6,
        "resolved": 15_456,
        "refused": 163 + 130 + 18,
    }


def test_every_row_of_kansas_city_is_a_report_once(kansas_city: Imported) -> None:
    found: dict[str, Any] = {"not_located": 0, "district_disagrees": 0, "by_source": 80_203}
    assert kansas_city.first == Counts(80_203, 80_203, 0, 0, 0, **found)
    assert kansas_city.second == Counts(80_203, 0, 0, 80_203, 0, **found)
    assert kansas_city.table("select status, count(*) from report group by 1") == {
        "waiting": 1_393,
        "in_progress": 10,
        "resolved": 78_083,
        "refused": 634 + 83,
    }


def test_kansas_citys_council_districts_and_unplaced_neighborhoods_are_the_files_own(
    kansas_city: Imported, cities: Path
) -> None:
    with gzip.open(cities / FILES["kansas_city"], "rt", encoding="utf-8", newline="") as file:
        counted = Counter(row["COUNCIL DISTRICT"].removesuffix(".0") for row in csv.DictReader(file))
    districts = kansas_city.table(
        """select area.code, count(*) from report join area on area.id = district_id
           join report_source on report_id = report.id and district_from_source group by 1"""
    )
    assert districts == {code: number for code, number in counted.items() if code}
    assert kansas_city.number("select count(*) from area where level = 'district' and geometry is null") == len(
        districts
    )
    assert kansas_city.number("select count(*) from area where level = 'ward' and geometry is null") == 0
    unplaced = "from report join report_source on report_id = id where ward_from_source"
    assert kansas_city.number(f"select count(*) {unplaced} and ward_id is distinct from ward_named") == 0


def test_kansas_citys_own_flag_is_kept_and_no_deadline_is_made_up(kansas_city: Imported) -> None:
    assert kansas_city.table("select published_late, count(*) from report_source group by 1") == {
        True: 24_120,
        False: 56_080,
        None: 3,
    }
    assert kansas_city.number("select count(*) from report where due_at is not null") == 0


def test_kansas_citys_parks_department_is_one_under_its_three_names(kansas_city: Imported) -> None:
    units = kansas_city.table("select unit.name_en, count(*) from report join unit on unit.id = unit_id group by 1")
    assert units["Parks and Recreation"] == 5_294 + 39 + 3
    assert [name for name in units if "Park" in str(name)] == ["Parks and Recreation"]
    assert len(units) == 17


def test_kansas_citys_twelve_hour_times_and_closing_days_are_read(kansas_city: Imported, cities: Path) -> None:
    with gzip.open(cities / FILES["kansas_city"], "rt", encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["CREATION TIME"] == "12:30 PM" and row["CLOSED DATE"])
    (submitted, ended), *_ = kansas_city.connection.execute(
        """select to_char(submitted_at at time zone 'America/Chicago', 'MM/DD/YYYY HH12:MI AM'),
               to_char(ended_at at time zone 'America/Chicago', 'MM/DD/YYYY HH24:MI:SS')
           from report where source_ref = %s""",
        [f"kansas_city:{row['CASE ID']}"],
    ).fetchall()
    assert submitted == f"{row['CREATION DATE']} 12:30 PM"
    assert ended == f"{row['CLOSED DATE']} 23:59:59"

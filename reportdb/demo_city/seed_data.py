"""The demo city's seed data: the gazetteer, and our own TOML files beside it."""

import csv
import tomllib
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_HERE = Path(__file__).parent


class Place(NamedTuple):
    """A former district or a commune of the gazetteer; `main` and `districts` are codes of former districts."""

    level: str
    code: str
    full_name_vi: str
    name_vi: str
    name_en: str
    kind: str
    population: int
    area_km2: float
    lon: float
    lat: float
    main: str
    districts: tuple[str, ...]


class Storm(NamedTuple):
    """Days of heavy rain; force 1 doubles what storms cause."""

    first: date
    last: date
    force: float
    words_vi: str
    words_en: str


@cache
def gazetteer() -> tuple[Place, ...]:
    """Return the 30 former districts and the 126 communes of 2025."""
    with (_HERE / "gazetteer.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Place(
                level="district" if row["level"] == "district" else "ward",
                code=row["code"],
                full_name_vi=row["full_name_vi"],
                name_vi=row["name_vi"],
                name_en=row["name_en"],
                kind=row["kind"],
                population=int(row["population"]),
                area_km2=float(row["area_km2"]),
                lon=float(row["point_lon"]),
                lat=float(row["point_lat"]),
                main=row["former_district_main"],
                districts=tuple(row["former_districts"].split("|")) if row["former_districts"] else (),
            )
            for row in csv.DictReader(file)
        )


@cache
def facts(name: str) -> dict[str, Any]:
    """Return one of our TOML files: city, categories or words."""
    return tomllib.loads((_HERE / f"{name}.toml").read_text(encoding="utf-8"))


def storms(first: date, last: date) -> list[Storm]:
    """Return the storms that begin between two days: real ones, and in later years invented ones."""
    happened = [Storm(**each) for each in facts("city")["storm"]]
    rule = facts("city")["invented_storms"]
    invented = []
    for year in range(max(first.year, rule["since"]), last.year + 1):
        for month_day in rule["days"]:
            begins = date.fromisoformat(f"{year}-{month_day}")
            ends = begins + timedelta(days=rule["length"] - 1)
            invented.append(Storm(begins, ends, rule["force"], rule["words_vi"], rule["words_en"]))
    return [storm for storm in happened + invented if first <= storm.first <= last]


def english_name(place: Place) -> str:
    """Return the English kind and name of a place, as "Dong Da District"."""
    kinds = {"quan": "District", "huyen": "District", "thi_xa": "Town", "phuong": "Ward", "xa": "Commune"}
    return f"{place.name_en} {kinds[place.kind]}"

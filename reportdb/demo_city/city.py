"""The city for making reports: places, units, categories and rules, read from the database."""

from dataclasses import dataclass
from typing import Any, Self, cast
from zlib import crc32

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from reportdb.areas import Locator
from reportdb.deadlines.rules import Rules
from reportdb.deadlines.working_time import WorkingTime
from reportdb.demo_city.reference_data import DESK
from reportdb.demo_city.rhythm import midnight, moment
from reportdb.demo_city.seed_data import facts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Moments = NDArray[np.datetime64]

NEVER = np.datetime64("2900-01-01", "us")


@dataclass(frozen=True)
class Units:
    """The units and how they work. Arrays are indexed by unit id.

    `pace` is the median handling time as a share of the term, `satisfied` and `refused` are shares, `closes` is when a
    unit is dissolved. A dissolved unit's work goes to its only successor, or by place.
    """

    code: dict[str, int]
    pace: Floats
    satisfied: Floats
    refused: Floats
    closes: Moments
    successor: Ints
    local: NDArray[np.bool_]
    desk: int
    heirs: list[Ints]


@dataclass(frozen=True)
class Wards:
    """The communes, arrays in the order of their ids."""

    ids: Ints
    district: Ints
    weight: Floats
    rural: NDArray[np.bool_]
    address: NDArray[np.object_]
    district_code: NDArray[np.object_]


class City:
    """Everything a report is made from."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.working_time = WorkingTime.from_database(connection)
        self.rules = Rules.from_database(connection, self.working_time)
        self.locator = Locator(connection)
        self.units = _units(connection)
        self.wards = _wards(connection)
        self._triangles = _Triangles.of(connection, self.wards.ids)
        codes: dict[str, int] = dict(connection.execute("select code, id from category").fetchall())
        self.categories: list[dict[str, Any]] = facts("categories")["category"]
        self.category_ids = np.array([codes[each["code"]] for each in self.categories])
        self.sibling = _siblings([each["desk"] for each in self.categories])
        channels: dict[str, int] = dict(connection.execute("select code, id from channel").fetchall())
        self.channel_ids = np.array([channels[each["code"]] for each in facts("city")["channel"]])
        self._owners, self._owner_ends = self._read_owners()
        self.other_owner = np.array([next((o for o in row if o), self.units.desk) for row in self._owners.tolist()])
        rows = connection.execute("select area_id, kind, id from unit where area_id is not null").fetchall()
        highest = max(area for area, _, _ in rows) + 1
        self._committee = {kind: np.zeros(highest, dtype=np.int64) for kind in ("district", "commune")}
        for area, kind, unit in rows:
            self._committee[kind][area] = unit
        self._reform = moment(midnight(facts("city")["turns"]["reform"]))

    def points(self, ward: Ints, draws: Floats) -> tuple[Floats, Floats]:
        """Return lon and lat of a random point in each ward (by index); `draws` has three columns of [0, 1)."""
        return self._triangles.points(ward, draws)

    def committee(self, ward_id: Ints, district_id: Ints, at: Moments) -> Ints:
        """Return the People's Committee of a place: the district's until the reform, then the commune's."""
        return np.where(
            at < self._reform, self._committee["district"][district_id], self._committee["commune"][ward_id]
        )

    def owner(self, category: Ints, draw: Floats) -> Ints:
        """Return the unit responsible for a category (by index), or 0 for the committee of the place."""
        n = (draw[:, None] >= self._owner_ends[category]).sum(axis=1)
        return np.asarray(self._owners[category, n])

    def in_force(self, unit: Ints, ward_id: Ints, at: Moments, draw: Floats) -> Ints:
        """Return the units, or for those dissolved by the moment their successors.

        `ward_id` is 0 if the place is unknown; then a draw of [0, 1) chooses among a district's communes.
        """
        gone = np.flatnonzero(self.units.closes[unit] <= at)
        heir = unit.copy()
        heir[gone] = self.units.successor[unit[gone]]
        by_place = gone[heir[gone] == 0]
        heir[by_place] = self._committee["commune"][ward_id[by_place]]
        for n in by_place[heir[by_place] == 0]:
            choice = self.units.heirs[unit[n]]
            heir[n] = choice[int(draw[n] * len(choice))]
        return heir

    def _read_owners(self) -> tuple[Ints, Floats]:
        """Return the units responsible for each category and the upper ends of their shares, padded to one width."""
        width = max(len(each["owners"]) for each in self.categories)
        owners = np.zeros((len(self.categories), width), dtype=np.int64)
        ends = np.ones((len(self.categories), width))
        for n, each in enumerate(self.categories):
            known = [0 if code == "local" else self.units.code[code] for code in each["owners"]]
            owners[n, : len(known)] = known
            owners[n, len(known) :] = known[-1]
            ends[n, : len(known) - 1] = np.cumsum(list(each["owners"].values()))[:-1]
        return owners, ends


@dataclass(frozen=True)
class _Triangles:
    """The wards cut into triangles, so that a random point is a lookup: `ends` are cumulative areas."""

    corners: Floats
    ends: Floats
    before: Floats
    area: Floats

    @classmethod
    def of(cls, connection: psycopg.Connection, wards: Ints) -> Self:
        """Cut the wards (ids) into triangles by their outlines in the database."""
        drawn: dict[int, str] = dict(
            connection.execute("select id, geometry::text from area where level = 'ward'").fetchall()
        )
        cut = [
            shapely.get_parts(shapely.constrained_delaunay_triangles(shapely.from_geojson(drawn[identity])))
            for identity in wards.tolist()
        ]
        triangles = np.concatenate(cut)
        corners = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[:, :3]
        ends = np.cumsum(shapely.area(triangles))
        last = ends[np.cumsum([len(part) for part in cut]) - 1]
        before = np.concatenate([[0], last[:-1]])
        return cls(corners, ends, before, last - before)

    def points(self, ward: Ints, draws: Floats) -> tuple[Floats, Floats]:
        """Return a point in each of the wards (by index), longitude and latitude, from three draws of [0, 1)."""
        place = self.before[ward] + draws[:, 0] * self.area[ward]
        corner = self.corners[np.minimum(np.searchsorted(self.ends, place, side="right"), len(self.ends) - 1)]
        root = np.sqrt(draws[:, 1])[:, None]
        along = draws[:, 2][:, None]
        point = corner[:, 0] * (1 - root) + corner[:, 1] * root * (1 - along) + corner[:, 2] * root * along
        return np.round(point[:, 0], 6), np.round(point[:, 1], 6)


def _siblings(desks: list[str]) -> Ints:
    """Return for each category (by index) the next one of the same desk: the one it is most easily confused with."""
    places = range(len(desks))
    return np.array([next(o for o in [*places[n + 1 :], *places] if desks[o] == desks[n]) for n in places])


def _units(connection: psycopg.Connection) -> Units:
    rows = connection.execute(
        """select unit.id, unit.code, unit.kind, unit.valid_to, coalesce(main.code, area.code),
               array(select successor_id from unit_successor where unit_id = unit.id order by successor_id)
           from unit left join area on area.id = unit.area_id left join area main on main.id = area.parent_id
           order by unit.id"""
    ).fetchall()
    size = rows[-1][0] + 1
    ways = {each["code"]: {"refused": 0.07} | each for each in facts("city")["unit"]}
    units = Units(
        code={row[1]: row[0] for row in rows},
        pace=np.full(size, 0.6),
        satisfied=np.full(size, 0.66),
        refused=np.full(size, 0.07),
        closes=np.full(size, NEVER),
        successor=np.zeros(size, dtype=np.int64),
        local=np.zeros(size, dtype=bool),
        desk=next(row[0] for row in rows if row[1] == DESK),
        heirs=[np.zeros(0, dtype=np.int64)] * size,
    )
    for identity, code, kind, valid_to, district, successors in rows:
        way = ways.get(code) or facts("city")["district"].get(district) or {}
        # A commune differs a little from its old district, always in the same way.
        own = 0.85 + 0.3 * (crc32(code.encode()) % 1000) / 1000 if kind == "commune" else 1
        units.pace[identity] = way.get("pace", 0.6) * own
        units.satisfied[identity] = way.get("satisfied", 0.66) / own**0.3
        units.refused[identity] = way.get("refused", 0.07)
        units.local[identity] = kind in {"district", "commune"}
        units.heirs[identity] = np.array(successors, dtype=np.int64)
        if valid_to is not None:
            units.closes[identity] = moment(midnight(valid_to))
            units.successor[identity] = successors[0] if len(successors) == 1 else 0
    return units


def _wards(connection: psycopg.Connection) -> Wards:
    rows = connection.execute(
        """select ward.id, district.id, ward.population, ward.kind, ward.name_vi, district.kind, district.name_vi,
               district.code
           from area ward join area district on district.id = ward.parent_id
           where ward.level = 'ward' and ward.geometry is not null order by ward.id"""
    ).fetchall()
    activity = {code: way["activity"] for code, way in facts("city")["district"].items()}
    kinds = {"phuong": "phường", "xa": "xã", "quan": "quận", "huyen": "huyện", "thi_xa": "thị xã"}
    columns = list(zip(*rows, strict=True))
    return Wards(
        ids=np.array(columns[0], dtype=np.int64),
        district=np.array(columns[1], dtype=np.int64),
        weight=np.array([row[2] * activity.get(row[7], 1) for row in rows], dtype=float),
        rural=np.array([row[3] == "xa" for row in rows]),
        address=np.array([f"{kinds[row[3]]} {row[4]} ({kinds[row[5]]} {row[6]} cũ)" for row in rows], dtype=object),
        district_code=np.array(cast("list[str]", columns[7]), dtype=object),
    )

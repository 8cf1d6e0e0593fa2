"""New reports: category, place, channel and text."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportdb.deadlines.rules import SEVERITIES
from reportdb.demo_city.city import City
from reportdb.demo_city.draws import Draws
from reportdb.demo_city.rhythm import CLOCK, Rhythm
from reportdb.demo_city.seed_data import facts

Ints = NDArray[np.int64]
Moments = NDArray[np.datetime64]
Words = NDArray[np.object_]

_NOT_LOCATED = 0.02
_THROUGH_DESK = 0.05
# The probabilities that a report of a category of this severity is urgent or complex.
_MIX = {"urgent": (0.8, 0.05), "complex": (0.01, 0.78), "normal": (0.02, 0.22)}


@dataclass
class Cases:
    """Reports at intake, one row in each array per report. 0 is no area; a rule of -1 is none.

    `category` and `rule` are indexes into the city's lists, `severity` is as in SEVERITIES, `unit` is the first one.
    """

    id: Ints
    submitted_at: Moments
    category: Ints
    severity: Ints
    ward_id: Ints
    unit: Ints
    rule: Ints


@dataclass
class Intake:
    """New reports with everything that their later steps do not need."""

    cases: Cases
    channel: Ints
    district_id: Ints
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    address: Words
    title: Words
    text: Words
    name: Words
    phone: Words


def take_in(city: City, rhythm: Rhythm, rng: np.random.Generator, ids: Ints, submitted_at: Moments) -> Intake:
    """Draw the reports with these ids, submitted at these times."""
    size = len(ids)
    place = rng.choice(len(city.wards.ids), size, p=city.wards.weight / city.wards.weight.sum())
    category = _categories(city, rhythm, rng, submitted_at, city.wards.rural[place])
    severity = _severities(city, rng, category)
    lon, lat = city.points(place, rng.random((size, 3)))
    district_id, ward_id = (found.astype(np.int64) for found in city.locator.locate(lon, lat))
    # A point on the outermost border may be in no area: its report still goes to the intended committee.
    ward = np.where(ward_id > 0, ward_id, city.wards.ids[place])
    district = np.where(district_id > 0, district_id, city.wards.district[place])
    owner = city.owner(category, rng.random(size))
    unit = np.where(owner == 0, city.committee(ward, district, submitted_at), owner)
    unit = np.where(rng.random(size) < _THROUGH_DESK, city.units.desk, unit)
    unit = city.in_force(unit, ward, submitted_at, rng.random(size))
    nowhere = rng.random(size) < _NOT_LOCATED
    lon[nowhere] = lat[nowhere] = np.nan
    ward_id[nowhere] = district_id[nowhere] = 0
    day = (submitted_at + CLOCK).astype("datetime64[D]")
    rule = city.rules.in_force(city.category_ids[category], severity, day)
    cases = Cases(ids, submitted_at, category, severity, ward_id, unit, rule)
    shares = np.array([each["share"] for each in facts("city")["channel"]])
    channel = rng.choice(len(shares), size, p=shares / shares.sum())
    where, address = _addresses(city, rng, place)
    title, text = _words(city, rng, cases, where)
    name, phone = _contacts(rng, size)
    return Intake(cases, channel, district_id, lon, lat, address, title, text, name, phone)


def _categories(city: City, rhythm: Rhythm, rng: np.random.Generator, at: Moments, rural: NDArray[np.bool_]) -> Ints:
    """Draw categories by their weight, season, the day's storm, and whether the place is rural."""
    weight = np.array([each["weight"] for each in city.categories])
    season = np.array([facts("city")["season"][each["season"]] for each in city.categories]).T
    storm = np.array([each["storm"] for each in city.categories])
    countryside = np.array([each["rural"] for each in city.categories])
    month = (at + CLOCK).astype("datetime64[M]").astype(int) % 12
    chance = weight * season[month] * (1 + rhythm.force(at)[:, None] * storm)
    chance *= np.where(rural[:, None], countryside, 1)
    ends = np.cumsum(chance, axis=1)
    return np.asarray((ends < rng.random(len(at))[:, None] * ends[:, -1:]).sum(axis=1))


def _severities(city: City, rng: np.random.Generator, category: Ints) -> Ints:
    mixes = [list(_MIX[each.get("severity", "normal")]) for each in city.categories]
    for mix, each in zip(mixes, city.categories, strict=True):
        mix[0] = each.get("urgent", mix[0])
    urgent, complicated = np.array(mixes).T[:, category]
    draw = rng.random(len(category))
    return np.where(
        draw < urgent,
        SEVERITIES.index("urgent"),
        np.where(draw < urgent + complicated, SEVERITIES.index("complex"), SEVERITIES.index("normal")),
    )


def _addresses(city: City, rng: np.random.Generator, place: Ints) -> tuple[Words, Words]:
    """Return a short place ("ngõ 165 Thái Hà") and a full address for each report."""
    pools, start, count = _street_pools(city)
    street = pools[start[place] + (rng.random(len(place)) * count[place]).astype(int)]
    numbers = np.array([str(n) for n in range(1, 421)], dtype=object)
    number = numbers[rng.integers(0, len(numbers), len(place))]
    heads = np.array(["ngõ ", "số ", "trước số nhà ", "ngách 12 ngõ "], dtype=object)
    lane = heads[rng.integers(0, len(heads), len(place))] + number + " " + street
    villages = np.array([f"thôn {n}, " for n in range(1, 13)], dtype=object)
    village = villages[rng.integers(0, len(villages), len(place))] + street
    in_country = np.array([pool[0] == "đ" or pool[0] == "k" for pool in street], dtype=bool)
    short = np.where(in_country, village, lane)
    return short, _capital(short) + ", " + city.wards.address[place]


def _street_pools(city: City) -> tuple[Words, Ints, Ints]:
    """Return all streets, with the start and number of each ward's own."""
    words = facts("words")
    pools: list[str] = []
    start, count = [], []
    for code, rural in zip(city.wards.district_code, city.wards.rural, strict=True):
        own = words["streets"].get(code, []) + (words["country"] if rural else [])
        own = own or words["country"]
        start.append(len(pools))
        count.append(len(own))
        pools += own
    return np.array(pools, dtype=object), np.array(start), np.array(count)


def _words(city: City, rng: np.random.Generator, cases: Cases, where: Words) -> tuple[Words, Words]:
    words = facts("words")
    heads, openings, _ = subjects(city, cases)
    since, ask = (
        np.array(words[part], dtype=object)[rng.integers(0, len(words[part]), len(where))] for part in ("since", "ask")
    )
    return heads + " tại " + where, openings + since + " " + ask


def subjects(city: City, cases: Cases) -> list[Words]:
    """Return each report's subject: the beginnings of its title, its text and its answer."""
    draw = Draws(cases.id, cases.submitted_at).uniform()
    return [
        pick([[subject[part] for subject in each["subjects"]] for each in city.categories], cases.category, draw)
        for part in range(3)
    ]


def pick(pools: list[list[str]], which: Ints, draw: NDArray[np.float64]) -> Words:
    """Return a sentence for each index: one of the pool `which`, chosen by a draw of [0, 1)."""
    count = np.array([len(pool) for pool in pools])
    start = np.cumsum(count) - count
    flat: Words = np.array([sentence for pool in pools for sentence in pool], dtype=object)
    chosen: Words = flat[start[which] + (draw * count[which]).astype(int)]
    return chosen


def _contacts(rng: np.random.Generator, size: int) -> tuple[Words, Words]:
    """Return invented names, and telephone numbers that no network assigns: they begin with 0000."""
    words = facts("words")
    parts: list[Any] = [
        np.array(words[part], dtype=object)[rng.integers(0, len(words[part]), size)]
        for part in ("family", "middle", "given")
    ]
    threes = np.array([f"{n:03d}" for n in range(1000)], dtype=object)
    phone = "0000 " + threes[rng.integers(0, 1000, size)] + " " + threes[rng.integers(0, 1000, size)]
    return parts[0] + " " + parts[1] + " " + parts[2], phone


def _capital(words: Words) -> Words:
    return np.array([each[0].upper() + each[1:] for each in words], dtype=object)

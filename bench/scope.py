"""Many viewers of different units at once: does any of them ever receive a row of another unit?

Each walks randomly over pages, filters, moments, map data, searches and files of a dashboard behind a proxy that
identifies users, and looks for codes and ids of all other units' cases in every message.
"""

import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from rich.console import Console
from websockets.exceptions import ConnectionClosed

from bench.official import Official
from bench.pages import dashboard
from queries.registry.registry import FIGURES
from reportdb.database.connection import connect
from ui.base import page_paths

HEADER = "X-Remote-User"
PROOF = {"X-Proxy-Secret": "known to the proxy and to us, and to nobody else"}
_SUBJECT = "bench scope "
_PAGES = (
    page_paths.OVERVIEW,
    page_paths.LIVE_MAP,
    page_paths.BACKLOG,
    page_paths.OVERDUE,
    page_paths.UNIT,
    page_paths.CASES,
    page_paths.CASES,
    page_paths.REPORT,
    page_paths.REPORT,
)
_ROUTES = (
    "map/points.json",
    "map/arrivals.json",
    "map/areas/ward.geojson",
    "map/squares.json",
    "cases.csv",
    "cases.xlsx",
)
_WORDS = ("rac", "duong", "den", "ngap", "cay", "phuong")


@dataclass
class City:
    """The unit of each case, by code and by id (ids as text); the codes of units; which cases a unit may read."""

    codes: dict[str, int]
    ids: dict[str, int]
    units: dict[int, str]
    below: dict[int, set[int]]
    first: str  # the common prefix of all codes

    def foreign(self, words: str, own: set[int], asked: str) -> set[str]:
        """Return the codes, and the ids in map data, of cases in `words` that are neither one's own nor in the
        question.

        A number counts as an id where the map's data have one: between a place and a state.
        """
        seen = set(re.findall(rf"{re.escape(self.first)}[\w-]*", words))
        found = {code for code in seen if code in self.codes and self.codes[code] not in own and code not in asked}
        points = re.findall(r"\[\d{6,},\d{6,},(\d+),\d,\d,", words)
        return found | {one for one in points if one in self.ids and self.ids[one] not in own}


@dataclass
class Result:
    """The results of all viewers."""

    messages: int = 0
    codes: int = 0  # of their own cases
    refused: int = 0  # by the gate's rate limit
    foreign: dict[str, set[str]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def read_city(url: str) -> City:
    """Read each case's unit. Raises SystemExit for a city without cases."""
    with connect(url) as connection:
        rows = connection.execute("select public_code, id, coalesce(unit_id, -1) from report").fetchall()
        units: dict[int, str] = dict(connection.execute("select id, code from unit").fetchall())
        parents: dict[int, int | None] = dict(connection.execute("select id, parent_id from unit").fetchall())
    if not rows:
        raise SystemExit("The city has no reports.")
    below: dict[int, set[int]] = {unit: set() for unit in units}
    for unit in units:
        above: int | None = unit
        while above is not None:
            below[above].add(unit)
            above = parents[above]
    first = re.match(r"[^\d]*", rows[0][0])
    return City(
        {code: unit for code, _id, unit in rows},
        {str(number): unit for _code, number, unit in rows},
        units,
        below,
        first[0] if first else "",
    )


@contextmanager
def heads(url: str, city: City, viewers: int) -> Iterator[list[tuple[str, int]]]:
    """Give so many units a head while the block runs: subjects and units, those with most cases first."""
    held: dict[int, int] = {}
    for unit in city.codes.values():
        held[unit] = held.get(unit, 0) + 1
    held.pop(-1, None)
    units = sorted(held, key=lambda unit: -held[unit])
    made = [(f"{_SUBJECT}{turn}", units[turn % len(units)]) for turn in range(viewers)]
    with connect(url) as connection:
        for subject, unit in made:
            connection.execute(
                """insert into app_user values (%s, 'Viewer', 'unit_head', %s, now(), null)
                   on conflict (subject) do update set unit_id = excluded.unit_id, disabled_at = null""",
                [subject, unit],
            )
        try:
            yield made
        finally:
            connection.execute("delete from app_user where starts_with(subject, %s)", [_SUBJECT])


def walk(
    address: str, city: City, subject: str, unit: int, until: float, result: Result, guard: threading.Lock
) -> None:
    """Walk over pages and routes until a time.monotonic() value, checking every message."""
    odd = random.Random(subject)
    own, codes = city.below[unit], list(city.codes)
    official = Official(address, {HEADER: subject} | PROOF)
    while time.monotonic() < until:
        try:
            with official:
                while time.monotonic() < until:
                    page, query = odd.choice(_PAGES), _query(odd, city, codes)
                    if odd.random() < 0.3:
                        page = odd.choice(_ROUTES)
                        answer = official.get(f"/{page}?{query}")
                        words, status = answer.words, answer.status
                    else:
                        words, status = official.open(page, query), 200
                    foreign = city.foreign(words, own, query)
                    mine = sum(code in city.codes for code in set(re.findall(rf"{re.escape(city.first)}[\w-]*", words)))
                    with guard:
                        result.messages += 1
                        result.codes += mine
                        result.refused += status == 429
                        if foreign:
                            result.foreign.setdefault(f"{page}?{query}", set()).update(foreign)
                        if status >= 500 or "st-key-unforeseen" in words:
                            result.broken.append(f"{status} {page}?{query}")
        except (ConnectionClosed, OSError, TimeoutError) as lost:
            with guard:
                result.broken.append(str(lost))


def _query(odd: random.Random, city: City, codes: list[str]) -> str:
    """Return a random query, valid or not."""
    said: dict[str, object] = {"lang": odd.choice(("vi", "en"))}
    if odd.random() < 0.5:
        said["period"] = odd.choice(("7d", "30d", "365d", "all"))
    if odd.random() < 0.4:
        said["unit"] = odd.sample(list(city.units.values()), k=min(odd.choice((1, 1, 2)), len(city.units)))
    if odd.random() < 0.3:
        said["at"] = (datetime.now(UTC) - timedelta(days=odd.choice((1, 5, 30)))).isoformat(timespec="minutes")
    if odd.random() < 0.3:
        said["figure"] = odd.choice(list(FIGURES))
    if odd.random() < 0.2:
        said["q"] = odd.choice((*_WORDS, odd.choice(codes)))
    said["show"] = odd.choice(("points", "areas", "density"))
    said[odd.choice(("code", "case"))] = odd.choice(codes)
    return urlencode(said, doseq=True)


def watch(url: str, address: str, minutes: float, viewers: int) -> Result:
    """Let viewers walk over a running dashboard and return the results."""
    city, result, guard = read_city(url), Result(), threading.Lock()
    with heads(url, city, viewers) as made:
        time.sleep(12)  # until the dashboard has polled the accounts
        until = time.monotonic() + minutes * 60
        threads = [
            threading.Thread(target=walk, args=(address, city, subject, unit, until, result, guard), daemon=True)
            for subject, unit in made
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(minutes * 60 + 120)
    return result


def measure(url: str, out: Console, *, minutes: float, viewers: int) -> None:
    """Print the results. Raises SystemExit if a viewer received another unit's row."""
    with TemporaryDirectory() as folder:
        secrets = Path(folder) / "secrets.toml"
        said = f'proxies = ["127.0.0.1"]\nheader = "{HEADER}"\nsecret = "{PROOF["X-Proxy-Secret"]}"\n'
        secrets.write_text(f"[access]\n{said}")
        with dashboard(url, f"--secrets.files={secrets}") as (address, _server):
            result = watch(url, address, minutes, viewers)
    out.print(
        f"{viewers} viewers, {minutes:g} minutes: {result.messages} pages and files read, {result.codes} codes "
        f"of their own cases seen, {result.refused} refused by the rate limit, {len(result.broken)} broken",
        soft_wrap=True,
    )
    out.print(f"rows outside the viewer's scope: {sum(map(len, result.foreign.values()))}")
    if result.foreign or result.broken:
        raise SystemExit(f"{dict(list(result.foreign.items())[:3])} {result.broken[:3]}")

"""Differencing: a viewer who may not read the cases cannot infer single reports from published counts.

The attacker knows the rule (docs/access.md, "Small numbers") and the code, and so the smallest and largest exact count
behind each published one. They ask for two counts of which one contains the other: with one more choice, over a longer
period, a minute later, a figure's part and its whole. Between them are at least the smallest of the one minus the
largest of the other. A report is isolated if that proves that there are one to four reports.
"""

import ast
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.official import Official
from queries.access.accounts import Account
from queries.engine.database import ReportDatabase
from queries.engine.filters import FIELDS, Filters
from queries.engine.scope import AGGREGATES_ONLY, ALL_CASES, FIGURES, NOTHING, Scope, cases_of
from queries.figures.figures import TABLED as FIGURE_NAMES
from queries.figures.figures import City, city, figures
from queries.privacy.small_numbers import STEP, settled
from reportdb.database.connection import connect
from reportdb.demo import build_demo
from tests.access import named, proxied
from tests.conftest import DEMO_NOW, NewDatabase
from tests.differencing import (
    DIMENSIONS,
    HEADS_UNITS,
    PAIRS,
    Attacker,
    is_single,
    isolates,
    pairs,
)
from ui.access.accounts import Stranger
from ui.base.i18n import rounding, speaking
from ui.base.run import Run
from ui.wall import screens, wall

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def reports(demo: str) -> Iterator[ReportDatabase]:
    """The demonstration city."""
    with closing(ReportDatabase(demo)) as opened:
        yield opened


@pytest.fixture(scope="module")
def hanoi(reports: ReportDatabase) -> City:
    """Its city row."""
    return city(reports, DEMO_NOW)


@pytest.fixture(scope="module")
def head(reports: ReportDatabase) -> Scope:
    """A head of two units with many reports."""
    table = figures(reports, Filters.of(at=DEMO_NOW, zone=city(reports, DEMO_NOW).zone), by="unit").dropna(subset="key")
    busiest = table.sort_values("received", ascending=False)["key"].astype(int).tolist()
    return cases_of(tuple(busiest[3 : 3 + HEADS_UNITS]))


@pytest.mark.slow
@pytest.mark.parametrize("who", ["viewer", "head"])
def test_ten_thousand_pairs_of_counts_isolate_nobody(
    reports: ReportDatabase, hanoi: City, head: Scope, who: str
) -> None:
    attacker = Attacker(reports, hanoi.zone, NOTHING if who == "viewer" else head, seed=27)
    compared = close = 0
    isolated = []
    for said, narrow, wide in pairs(attacker, PAIRS):
        for one in (narrow, wide):
            assert one.least <= one.truth <= one.most, said
        compared += 1
        close += 1 <= wide.truth - narrow.truth < STEP
        if isolates(narrow, wide) or is_single(narrow) or is_single(wide):
            isolated.append((said, narrow, wide))
    assert compared >= PAIRS
    assert close > 500, "too few pairs differed by one to four reports"
    assert isolated == []


def test_the_same_attack_on_exact_counts_finds_hundreds(reports: ReportDatabase, hanoi: City) -> None:
    attacker = Attacker(reports, hanoi.zone, FIGURES, seed=27)
    assert sum(isolates(narrow, wide) for _said, narrow, wide in pairs(attacker, 2_000)) > 100


@pytest.mark.slow
@pytest.mark.parametrize("who", ["viewer", "head"])
def test_sums_of_parts_subtracted_from_a_total_isolate_nobody(
    reports: ReportDatabase, hanoi: City, head: Scope, who: str
) -> None:
    attacker = Attacker(reports, hanoi.zone, NOTHING if who == "viewer" else head, seed=28)
    tried = 0
    for _turn in range(60):
        wide = attacker.filters()
        by = attacker.odd.choice([one for one in DIMENSIONS if not getattr(wide, FIELDS[one])])
        total, rows = attacker.ask(wide, None), attacker.ask(wide, by)
        for figure in FIGURE_NAMES:
            parts = {key: told for (key, name), told in rows.items() if name == figure}
            keys = list(parts)
            for _try in range(5):
                left = set(attacker.odd.sample(keys, min(len(keys), attacker.odd.choice([1, 1, 2, 3]))))
                others = [told for key, told in parts.items() if key not in left]
                truth = total[None, figure].truth - sum(told.truth for told in others)
                tried += 1 <= truth < STEP
                assert not (total[None, figure].least - sum(told.most for told in others) >= 1 and 1 <= truth < STEP)
    assert tried > 200


def test_moments_within_an_hour_have_the_same_counts(reports: ReportDatabase, hanoi: City) -> None:
    at = settled(DEMO_NOW - timedelta(days=3), hanoi.zone)
    start = at - timedelta(days=30)
    asked = [Filters.of(at=at + timedelta(minutes=n), zone=hanoi.zone, start=start, scope=NOTHING) for n in range(60)]
    told = [figures(reports, filters, by="ward") for filters in asked]
    assert all(one.equals(told[0]) for one in told)
    exact = [figures(reports, filters.choosing(scope=FIGURES), by="ward") for filters in asked[::20]]
    assert not all(one.equals(exact[0]) for one in exact), "nothing happened in this hour"


def test_a_query_that_forgets_the_rule_fails(hanoi: City, head: Scope) -> None:
    leader = Filters.of(at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=60), scope=ALL_CASES)
    assert leader.parameters()["scope"] == AGGREGATES_ONLY
    for scope in (NOTHING, head):
        with pytest.raises(PermissionError):
            leader.choosing(scope=scope).parameters()
        assert leader.choosing(scope=scope).case_parameters()["scope"] == scope
    assert leader.choosing(scope=head, units=head.units[:1]).parameters()["scope"] == AGGREGATES_ONLY
    with pytest.raises(PermissionError):
        leader.choosing(scope=head, units=(*head.units, 1)).parameters()


def test_only_the_rule_asks_for_exact_counts_for_other_viewers() -> None:
    """Elsewhere the scope that counts everything is used only where there are no viewer's filters."""
    known = {"database.py", "filters.py", "scope.py", "small_numbers.py", "urgent.py"}
    named = {
        file.name
        for file in (ROOT / "queries").rglob("*.py")
        if re.search(r"scope import .*\bAGGREGATES_ONLY\b", file.read_text())
    }
    assert named | {"scope.py"} == known
    for file in [*(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        text = file.read_text()
        assert not re.search(r"scope import .*\bAGGREGATES_ONLY\b", text), file.name
        assert "Filters.of(" not in text or file.name == "url_filters.py", f"{file.name} makes filters of its own"
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "asked":
                assert "scope" in {word.arg for word in call.keywords}, f"{file.name} queries without a scope"


PAGES = {
    "": "",
    "map": "show=density",
    "backlog": "by=ward&rows=all",
    "overdue": "ranking=naive",
    "unit": "unit=so-xay-dung",
    "definitions": "",
    "wall": "",
}
DATA = (
    "map/areas/ward.geojson?measure=backlog",
    "map/areas/ward.geojson?measure=overdue",
    "map/areas/district.geojson?measure=time",
    "map/squares.json?count=open",
    "map/squares.json?count=received",
)


@pytest.mark.slow
def test_no_exact_count_reaches_a_viewers_browser(
    new_database: NewDatabase, schema_template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither in a panel, nor in a chart, nor in a map's data; a leader's browser gets them in each."""
    url = new_database(schema_template)
    with connect(url) as connection:
        build_demo(connection, reports=3_000, seed=27, now=datetime.now(UTC).replace(microsecond=0))
        for role in ("viewer", "leader"):
            connection.execute("insert into app_user values (%s, %s, %s, null, now(), null)", [role, role, role])
    found: dict[str, dict[str, list[int]]] = {"viewer": {}, "leader": {}}
    with proxied(url, tmp_path_factory.mktemp("small")) as address:
        for role, told in found.items():
            for page, query in PAGES.items():
                with Official(address, named(role)) as official:
                    words = official.open(page, query)
                    told[f"panels of /{page}"] = counted(words, r'data-figure=\\*"\w+\\*"[^>]*>([\d.]+)<')
                    if page in ("", "backlog", "unit"):
                        drawn = re.findall(r'\\*"y\\*":\s*\[([\d,\s]+)\]', words)
                        told[f"chart of /{page}"] = [int(one) for each in drawn for one in each.split(",")]
                    told.setdefault("wall", []).extend(counted(words, r'figures\\*">(\d+)<') if page == "wall" else [])
            for path in DATA:
                answer = official_get(address, role, path)
                told[path] = counted(answer, r'"raw":"(\d+)(?:/\d+)?"') + counted(answer, r'"(\d+) (?:phản ánh|report)')
    del found["viewer"]["panels of /wall"], found["leader"]["panels of /wall"]
    for where, numbers in found["leader"].items():
        assert any(number % STEP for number in numbers), f"nothing to compare: {where}"
    for where, numbers in found["viewer"].items():
        assert [number for number in numbers if number % STEP] == [], where
    assert sum(map(len, found["viewer"].values())) > 300


def counted(words: str, pattern: str) -> list[int]:
    return [int(one.replace(".", "")) for one in re.findall(pattern, words)]


def official_get(address: str, role: str, path: str) -> str:
    return Official(address, named(role)).get("/" + path).words


def test_a_wall_without_a_token_shows_its_viewer_no_more_than_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "screens", lambda: None)
    people = (
        Account("somebody", "", "viewer", NOTHING),
        Account("somebody", "", "unit_head", cases_of((1,))),
        Account("somebody", "", "leader", ALL_CASES),
    )
    seen_by = {one.role: wall._for(one, "", "") for one in people}
    assert {role: screen and screen.audience for role, screen in seen_by.items()} == {
        "viewer": "public",
        "unit_head": "public",
        "leader": "leadership",
    }
    hall = screens.WallScreen(name="hall", token_sha256="0" * 64)
    monkeypatch.setattr(screens, "opened", lambda _name, _token, **_known: hall)
    assert wall._for(Stranger(None, "signed_out"), "hall", "") is hall


@pytest.mark.parametrize("audience", screens.AUDIENCES)
def test_a_public_wall_shows_no_single_case(reports: ReportDatabase, hanoi: City, audience: str) -> None:
    public = audience == "public"
    filters = Filters.of(
        at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=30), scope=NOTHING if public else FIGURES
    )
    run = Run(reports, hanoi, filters, live=True, query={}, page="wall")
    with speaking("en"), rounding(public):
        told = wall.content(run, screens.WallScreen(audience=audience))
    html = {scene["name"]: scene["html"] for scene in told["scenes"]}
    assert ("newest" in html) is not public
    marked = re.search(r'<circle class="wall-(arrival|urgent[^"]*)" cx="[^"]*" cy="[^"]*" r="(11|6.5)"', html["map"])
    assert (marked is not None) is not public
    assert not (public and told["ticker"])
    numbers = [int(one.replace(",", "")) for one in re.findall(r'figures(?: \w+)?">([\d,]+)<', "".join(html.values()))]
    assert len(numbers) > 20
    assert all(one % STEP == 0 for one in numbers) is public

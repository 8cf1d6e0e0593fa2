"""Wall screens: who may open one, what screens.toml may contain, and that no citizen's text is on a wall."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import psycopg
import pytest

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.figures import city
from tests.reports import HOUR, T, report, small_city
from ui.base.i18n import speaking
from ui.base.run import Run
from ui.wall import screens, wall, wall_scenes
from ui.wall.screens import SCENES, NotAScreen, WallScreen, hashed

ROOT = Path(__file__).parents[1]
TOKENS = {"hall": "a-long-token-for-the-hall", "desk": "a-long-token-for-the-desk"}
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write screens.toml: a screen for each name, with more lines for all of them."""
    file = tmp_path / "screens.toml"
    monkeypatch.setenv(screens.SCREENS_VARIABLE, str(file))
    times = iter(range(1, 100))

    def written(*names: str, more: str = "", **tokens: str) -> None:
        known = TOKENS | tokens
        file.write_text(
            "\n".join(
                f'[[screen]]\nname = "{name}"\ntoken_sha256 = "{hashed(known[name])}"\n{more}\n' for name in names
            )
        )
        os.utime(file, ns=(10**18 + next(times),) * 2)  # changes are faster than some file systems' timestamps

    return written


def opened(name: str, token: str, *, known_viewer: bool = False) -> WallScreen | None:
    return screens.opened(name, token, known_viewer=known_viewer)


def test_a_token_opens_its_screen_and_no_other(write: Write) -> None:
    write("hall", "desk")
    for name, token in TOKENS.items():
        found = opened(name, token)
        assert found
        assert found.name == name
    assert opened("hall", TOKENS["desk"]) is None
    assert opened("desk", TOKENS["hall"]) is None


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("", ""),
        ("hall", ""),
        ("hall", "wrong"),
        ("hall", hashed(TOKENS["hall"])),
        ("nowhere", TOKENS["hall"]),
        ("", TOKENS["hall"]),
        ("hall", "\ud800"),
    ],
)
def test_nothing_else_opens_a_screen_not_even_for_a_known_viewer(write: Write, name: str, token: str) -> None:
    write("hall")
    assert opened(name, token, known_viewer=True) is None


def test_an_old_token_and_a_revoked_one_open_nothing(write: Write) -> None:
    write("hall", "desk")
    assert opened("hall", TOKENS["hall"])
    write("hall", "desk", hall="the-new-one")
    assert opened("hall", TOKENS["hall"]) is None
    assert opened("hall", "the-new-one")
    write("desk")
    assert opened("hall", "the-new-one") is None
    assert opened("desk", TOKENS["desk"])


def test_without_a_file_only_a_known_viewer_sees_a_wall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(screens.SCREENS_VARIABLE, raising=False)
    monkeypatch.setattr(screens, "_USUAL", tmp_path / "screens.toml")
    assert opened("", "", known_viewer=True) == WallScreen()
    assert opened("", "") is None
    assert opened("hall", TOKENS["hall"]) is None


def test_a_file_that_is_named_and_missing_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(screens.SCREENS_VARIABLE, str(tmp_path / "nowhere.toml"))
    assert opened("", "", known_viewer=True) is None


@pytest.mark.parametrize(
    "more",
    [
        "scenes = []",
        'scenes = ["weather"]',
        'scenes = "map"',
        "scenes = [1]",
        "seconds = 0",
        'seconds = "20"',
        "seconds = true",
        "zoom = 3",
        'zoom = "1"',
        'level = "street"',
        'language = "fr"',
        'theme = "pink"',
        'at = "yesterday"',
        'severities = ["grave"]',
        'severities = "urgent"',
        "districts = [1]",
        "shift = 1",
        'colour = "red"',
        "= =",
    ],
)
def test_invalid_settings_are_reported_and_open_nothing(write: Write, more: str) -> None:
    write("hall", more=more)
    with pytest.raises(NotAScreen, match=r"screens\.toml"):
        screens.screens()
    assert opened("hall", TOKENS["hall"], known_viewer=True) is None


@pytest.mark.parametrize(
    "text", ["screen = 1", "screen = [1]", '[[screen]]\nname = "hall"\ntoken_sha256 = "short"', "\xff"]
)
def test_a_file_in_another_format_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    file = tmp_path / "screens.toml"
    file.write_bytes(text.encode("latin-1"))
    monkeypatch.setenv(screens.SCREENS_VARIABLE, str(file))
    with pytest.raises(NotAScreen):
        screens.screens()


def test_two_screens_of_one_name_are_refused(write: Write) -> None:
    write("hall", "hall")
    with pytest.raises(NotAScreen, match="is used twice"):
        screens.screens()


def test_the_settings_of_a_screen_are_its_own(write: Write) -> None:
    write(
        "hall",
        more='scenes = ["map"]\nzoom = 1\ndistricts = ["001"]\nseverities = ["urgent"]\nlanguage = "en"\n'
        'at = "20/11/2026 08:00"',
    )
    found = opened("hall", TOKENS["hall"])
    assert found
    assert found.scenes == ("map",)
    assert found.query == {
        "district": ["001"], "severity": ["urgent"], "lang": ["en"], "at": ["20/11/2026 08:00"],
    }  # fmt: skip


def test_the_example_holds_the_usual_values_and_opens_with_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "screens.toml"
    file.write_text((ROOT / "screens.toml.example").read_text())
    monkeypatch.setenv(screens.SCREENS_VARIABLE, str(file))
    found = screens.screens()
    assert found == {"operations-room": WallScreen(name="operations-room", token_sha256="0" * 64)}
    assert opened("operations-room", "") is None


def test_the_printed_token_opens_the_printed_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", "ui.wall.new_token", 'the "great" hall & café']
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    lines, address = printed.split("\n\n")
    file = tmp_path / "screens.toml"
    file.write_text(lines)
    monkeypatch.setenv(screens.SCREENS_VARIABLE, str(file))
    query = parse_qs(urlsplit(address.strip()).query)
    found = opened(query["screen"][0], query["token"][0])
    assert found
    assert found.name == 'the "great" hall & café'
    assert urlsplit(address.strip()).path == "/wall"
    below = os.environ | {"STREAMLIT_SERVER_BASE_URL_PATH": "reports"}
    printed = subprocess.run(command, cwd=ROOT, env=below, capture_output=True, check=True, text=True).stdout
    assert urlsplit(printed.split("\n\n")[1].strip()).path == "/reports/wall"


def test_when_a_screen_was_last_heard_of(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "_seen", {})
    write("hall", "desk")
    assert screens.last_seen() == {"desk": None, "hall": None}
    before = datetime.now(UTC)
    screens.alive("hall")
    run = screens.last_seen()
    assert run["desk"] is None
    assert run["hall"]
    assert run["hall"] >= before


def looked_at(reports: ReportDatabase, screen: WallScreen) -> Run:
    filters = Filters.of(at=T, zone=ZoneInfo("Asia/Ho_Chi_Minh"), start=T - timedelta(days=30))
    return Run(reports, city(reports, datetime.now(UTC)), filters, live=True, query=screen.query, page="wall")


@pytest.fixture(params=["vi", "en"])
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    with speaking(request.param):
        yield request.param


@pytest.mark.usefixtures("spoken")
@pytest.mark.parametrize("level", screens.LEVELS)
def test_an_empty_city_has_all_scenes(connection: psycopg.Connection, reports: ReportDatabase, level: str) -> None:
    small_city(connection)
    told = drawn(reports, WallScreen(level=level))
    assert [scene["name"] for scene in told["scenes"]] == list(SCENES)
    assert told["ticker"] == []


@pytest.mark.usefixtures("spoken")
def test_nothing_that_a_citizen_wrote_is_on_a_wall(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    for number in range(1, 9):
        report(
            connection,
            number,
            public_code=f"WRITTEN-{number}",
            title="WRITTEN title",
            text="WRITTEN text",
            address="WRITTEN address",
            officer="WRITTEN name",
            severity="urgent",
            submitted_at=T - timedelta(minutes=number),
            due_at=T - timedelta(seconds=number) if number % 2 else T + timedelta(hours=1),
            lon=105.8,
            lat=21.0,
        )
    told = drawn(reports, WallScreen())
    assert len(told["ticker"]) == 8
    assert "Đống Đa" in str(told["ticker"]) or "Dong Da" in str(told["ticker"])
    assert "WRITTEN" not in str(told)


def test_a_wall_shows_the_pages_numbers(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    report(connection, 1, due_at=T - HOUR)
    report(connection, 2, due_at=T + HOUR)
    report(connection, 3, severity="urgent", submitted_at=T - 3 * HOUR)
    report(connection, 4, submitted_at=T - HOUR)
    report(connection, 5, ended_at=T - HOUR, rating="satisfied", rated_at=T - HOUR)
    screen = WallScreen()
    run = looked_at(reports, screen)
    with speaking("en"):
        values = {name: make(run, screen) for name, (_words, make) in wall_scenes.scenes().items()}
        assert wall_scenes.ticker(run) == [], "urgent and three hours old, or new and not urgent"
    (place,) = values["backlog"]["rows"]
    assert [place[word] for word in ("open", "overdue", "due_soon", "other")] == [4, 1, 1, 2]
    assert (values["backlog"]["rest"], values["map"]["open"], values["map"]["overdue"]) == (0, 4, 1)
    assert values["newest"]["found"] == 1
    assert [case["urgent"] for case in values["newest"]["gravest"]] == [True]
    assert [(case["tone"], case["urgent"]) for case in values["newest"]["late"]] == [("overdue", False)]
    assert values["satisfaction"]["raw"] == values["satisfaction"]["rated_raw"] == "1/1"
    assert {tile.of.figure: tile.of.count for tile in values["figures"]["tiles"]}.items() >= {
        ("open", 4),
        ("overdue", 1),
        ("received", 5),
    }


def test_a_wall_of_some_districts_names_them(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    with speaking("en"):
        heads = [drawn(reports, WallScreen(districts=districts))["city"] for districts in ((), ("017", "006"))]
    assert heads == ["City", "City · Dong Anh · Dong Da"]


def drawn(reports: ReportDatabase, screen: WallScreen) -> dict[str, Any]:
    return wall.content(looked_at(reports, screen), screen)

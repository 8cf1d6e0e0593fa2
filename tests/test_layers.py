"""Each room imports only what ARCHITECTURE.md allows it, so that a line of code has one place to be."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"pages", "queries", "reportdb", "ui"}
MAY_IMPORT = {
    "pages": {"ui", "queries"},
    "ui": {"ui", "queries"},
    "queries": {"queries"},
    "reportdb": {"reportdb"},
}
ROOMS = {
    "ui": [
        "base",
        "address",
        "live",
        "access",
        "figures",
        "cases",
        "map",
        "live_map",
        "unit",
        "wall",
        "server",
        "frame",
    ],
    "queries": ["registry", "engine", "privacy", "health", "access", "figures", "places", "units", "rules", "cases"],
    "reportdb": [
        "spelling",
        "boundary_file",
        "area_grid",
        "areas",
        "database",
        "deadlines",
        "summary_count",
        "steps",
        "summary",
        "users",
        "anonymise",
        "unit_heads",
        "check",
        "time_formats",
        "mapping",
        "source_file",
        "rows",
        "suggest",
        "account",
        "filling",
        "importer",
        "fast_lane",
        "data_file",
        "city_data",
        "feeds",
        "open311",
        "sync",
        "demo_city",
        "demo",
        "simulation",
        "cli",
    ],
}
"""The rooms of a folder, and in reportdb the modules beside them: each imports only what stands before it."""
MOST_LINES, MOST_LINES_OF_A_ROOM = 300, 1500
DATABASE_LIBRARIES = {"sqlalchemy", "psycopg"}
KNOW_THE_LIBRARIES = [ROOT / "queries" / "engine" / name for name in ("connections.py", "database.py")]


def modules() -> list[Path]:
    return [file for room in sorted(MAY_IMPORT) for file in sorted((ROOT / room).rglob("*.py"))]


def imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_room_imports_only_what_it_may(file: Path) -> None:
    room = file.relative_to(ROOT).parts[0]
    allowed = MAY_IMPORT[room]
    if file.parent == ROOT / "reportdb" / "cli":
        allowed = allowed | {"queries"}  # `figures` and `calendar check` print what the pages show, by the same queries
    assert imports(file) & OURS <= allowed
    if room in {"pages", "ui"}:
        assert not imports(file) & DATABASE_LIBRARIES, "only queries/engine knows the database's libraries"
    if room == "queries":
        assert "streamlit" not in imports(file), "queries never draw"
        assert file in KNOW_THE_LIBRARIES or not imports(file) & DATABASE_LIBRARIES


def room_imports(file: Path, folder: str) -> set[str]:
    """Return the rooms of a folder that one of its files imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == folder:
            names = node.module.split(".")[1:2] or [alias.name for alias in node.names]
            found |= set(names)
    return found


def files_of(folder: str, room: str) -> list[Path]:
    """Return the files of a room, or the module of that name beside the rooms."""
    place = ROOT / folder / room
    return sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


@pytest.mark.parametrize("folder", ROOMS)
def test_every_file_stands_in_a_room_that_says_what_belongs_there(folder: str) -> None:
    beside = {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__", "__main__"}
    rooms = {path.parent.name for path in (ROOT / folder).rglob("*.py")} - {folder}
    assert sorted(beside | rooms) == sorted(ROOMS[folder])
    assert not beside or folder == "reportdb"
    for room in ROOMS[folder]:
        first = files_of(folder, room)[0] if room in beside else ROOT / folder / room / "__init__.py"
        assert ast.get_docstring(ast.parse(first.read_text())), f"{folder}/{room} does not say what belongs there"


@pytest.mark.parametrize(
    ("folder", "room"), [(folder, room) for folder, rooms in ROOMS.items() for room in rooms], ids="/".join
)
def test_a_room_imports_no_room_above_it_and_stays_small(folder: str, room: str) -> None:
    below = set(ROOMS[folder][: ROOMS[folder].index(room) + 1])
    files = files_of(folder, room)
    assert {file.name: room_imports(file, folder) - below for file in files} == {file.name: set() for file in files}
    assert sum(len(file.read_text().splitlines()) for file in files) <= MOST_LINES_OF_A_ROOM


def test_no_file_is_longer_than_can_be_read_at_once() -> None:
    files = [*modules(), *(ROOT / "bench").rglob("*.py"), ROOT / "dashboard.py", ROOT / "safe_text.py"]
    lines = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


@pytest.mark.parametrize("file", sorted((ROOT / "pages").glob("*.py")), ids=lambda file: file.name)
def test_a_page_opens_with_the_question_it_answers_and_is_short(file: Path) -> None:
    text = file.read_text()
    assert (ast.get_docstring(ast.parse(text)) or "").splitlines()[0].endswith("?")
    assert len(text.splitlines()) <= 130


def test_modules_for_every_room_import_nothing_of_ours() -> None:
    file = ROOT / "safe_text.py"
    assert not imports(file) & OURS
    assert imports(file) <= set(sys.stdlib_module_names)


def test_no_import_goes_in_a_circle() -> None:
    """The application is imported by itself, as a server does: tests import its parts in another order."""
    done = subprocess.run(
        [sys.executable, "-c", "import dashboard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_module_of_ours_that_is_imported_exists() -> None:
    """Also where a script within a string imports it, which neither Python nor mypy sees before it runs."""
    named = re.compile(r"(?:from|import) ((?:bench|queries|reportdb|tests|ui)(?:\.\w+)+)")
    missing = {
        f"{file.relative_to(ROOT)} imports {module}"
        for folder in ("bench", "pages", "queries", "reportdb", "tests", "ui")
        for file in (ROOT / folder).rglob("*.py")
        for module in named.findall(file.read_text())
        if not (place := ROOT.joinpath(*module.split("."))).is_dir() and not place.with_suffix(".py").exists()
    }
    assert not missing

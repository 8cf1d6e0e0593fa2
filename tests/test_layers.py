"""Each room imports only what ARCHITECTURE.md allows it, so that a line of code has one place to be."""

import ast
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
    "queries": ["registry", "engine", "health", "access", "figures", "places", "units", "rules", "cases"],
}
"""The rooms of a folder: each imports only rooms before it."""
DATABASE_LIBRARIES = {"sqlalchemy", "psycopg"}


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
    if file == ROOT / "reportdb" / "__main__.py":
        allowed = allowed | {"queries"}  # `figures` and `calendar check` print what the pages show, by the same queries
    assert imports(file) & OURS <= allowed
    if room in {"pages", "ui"}:
        assert not imports(file) & DATABASE_LIBRARIES, "only queries/engine/database.py knows the database's libraries"
    if room == "queries":
        assert "streamlit" not in imports(file), "queries never draw"
        assert file.name == "database.py" or not imports(file) & DATABASE_LIBRARIES


def room_imports(file: Path, folder: str) -> set[str]:
    """Return the rooms of a folder that one of its files imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == folder:
            names = node.module.split(".")[1:2] or [alias.name for alias in node.names]
            found |= set(names)
    return found


@pytest.mark.parametrize("folder", ROOMS)
def test_every_file_stands_in_a_room_that_says_what_belongs_there(folder: str) -> None:
    assert sorted(path.name for path in (ROOT / folder).glob("*.py")) == ["__init__.py"]
    assert sorted(path.parent.name for path in (ROOT / folder).glob("*/__init__.py")) == sorted(ROOMS[folder])
    for room in ROOMS[folder]:
        words = ast.get_docstring(ast.parse((ROOT / folder / room / "__init__.py").read_text()))
        assert words, f"{folder}/{room} does not say what belongs there"


@pytest.mark.parametrize(
    ("folder", "room"), [(folder, room) for folder, rooms in ROOMS.items() for room in rooms], ids="/".join
)
def test_a_room_imports_no_room_above_it_and_stays_small(folder: str, room: str) -> None:
    below = set(ROOMS[folder][: ROOMS[folder].index(room) + 1])
    files = sorted((ROOT / folder / room).glob("*.py"))
    assert {file.name: room_imports(file, folder) - below for file in files} == {file.name: set() for file in files}
    assert sum(len(file.read_text().splitlines()) for file in files) <= 1500


@pytest.mark.parametrize("file", sorted((ROOT / "pages").glob("*.py")), ids=lambda file: file.name)
def test_a_page_opens_with_the_question_it_answers_and_is_short(file: Path) -> None:
    text = file.read_text()
    assert (ast.get_docstring(ast.parse(text)) or "").splitlines()[0].endswith("?")
    assert len(text.splitlines()) <= 130


def test_what_every_room_may_use_imports_nothing_of_ours() -> None:
    file = ROOT / "safe_text.py"
    assert not imports(file) & OURS
    assert imports(file) <= set(sys.stdlib_module_names)


def test_no_import_goes_in_a_circle() -> None:
    """The application is imported by itself, as a server does: tests import its parts in an order of their own."""
    done = subprocess.run(
        [sys.executable, "-c", "import dashboard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

"""The documents speak of what exists: every path, module, command, function and setting they name."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.main

from bench.__main__ import app as bench_app
from reportdb.__main__ import app as reportdb_app

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")],
    key=str,
)
FOLDERS = (".ci", ".streamlit", "bench", "docs", "locales", "pages", "queries", "reportdb", "tests", "ui")
PACKAGES = ("bench", "pages", "queries", "reportdb", "tests", "ui")
SUFFIXES = "py|sql|js|css|html|toml|csv|po|conf|service|timer|example|md|jpg|json|geojson|xlsx"
MOST_WORDS = 1200
"""Of ARCHITECTURE.md: what a newcomer reads in ten minutes."""
MADE_LATER = {"screens.toml", ".streamlit/secrets.toml", "secrets.toml", "users.csv", "days.csv", "postgresql.service"}
"""Files that whoever runs the dashboard makes."""
NOT_OURS = {"pg_stat_activity", "worker_connections", "sslKeyFile", "sslCertFile", "setswitchinterval", "tracemalloc"}
"""Words of PostgreSQL's, nginx's, Streamlit's and Python's own that no file of ours writes."""

IN_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(rf"^[\w./-]*(?:/|\.(?:{SUFFIXES}))[\w./-]*$")
NAME = re.compile(r"^(?:\w{3,}(?:\.\w+)*(?:\(\w*\))?|\{\w+(?:\|\w+)?\})$")


def text_of(document: Path) -> str:
    return document.read_text()


def pieces(document: Path) -> list[str]:
    """Return what stands in backticks within a line."""
    return IN_CODE.findall(BLOCK.sub("", text_of(document)))


def commands(document: Path) -> Iterator[list[str]]:
    """Yield the words of each command after `python -m`, in backticks or in a block."""
    lines = [*pieces(document), *(line for block in BLOCK.findall(text_of(document)) for line in block.splitlines())]
    for line in lines:
        if found := re.search(r"python -m ([^#]+)", line):
            yield found[1].split()


@cache
def files() -> tuple[Path, ...]:
    """Return every file of ours, as a path below the root."""
    below = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if "__pycache__" not in file.parts]
    return tuple(file.relative_to(ROOT) for file in [*below, *ROOT.iterdir()] if file.is_file())


@cache
def words_of_the_code() -> frozenset[str]:
    """Return every word that a file of ours holds, the documents left out."""
    found: set[str] = set()
    for file in files():
        if file.suffix not in {".md", ".jpg"} and not file.name.startswith("test_docs"):
            found |= set(re.findall(r"\w+", (ROOT / file).read_text(errors="replace")))
    return frozenset(found)


def exists(path: str, document: Path) -> bool:
    """Whether a path names a file or folder of ours, from the root, beside the document, or by the end of its path."""
    path = path.rstrip("/")
    if path in MADE_LATER or (ROOT / path).exists() or (document.parent / path).exists():
        return True
    return any(str(file).endswith(f"/{path}") for file in files())


def is_defined(dotted: str) -> bool:
    """Whether a name with dots is a module of ours, or a name that its module writes."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        file = ROOT.joinpath(*parts[:length])
        for module in (file.with_suffix(".py"), file / "__init__.py"):
            if module.exists():
                written = set(re.findall(r"\w+", module.read_text()))
                return set(parts[length:]) <= written
    return False


def is_command(words: list[str]) -> bool:
    """Whether `python -m` followed by these words runs a module of ours, and a command of it."""
    module, *rest = words
    if module not in {"reportdb", "bench"}:
        return is_defined(module) or module in {"venv", "pytest"}
    known = typer.main.get_command(reportdb_app if module == "reportdb" else bench_app)
    for word in rest:
        inside = getattr(known, "commands", None)  # of a group of commands
        if inside is None or not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        if word not in inside:
            return False
        known = inside[word]
    return True


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text_of(document)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_a_path(piece: str) -> bool:
    ours = piece.split("/", maxsplit=1)[0] in FOLDERS
    return bool(PATH.match(piece)) and (ours or re.search(rf"\w\.(?:{SUFFIXES})$", piece) is not None)


named = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))


@named
def test_every_path_in_a_document_exists(document: Path) -> None:
    paths = {piece for piece in pieces(document) if is_a_path(piece) and not piece.startswith("/")}
    assert {path for path in paths if not re.search("NNNN|NAME", path) and not exists(path, document)} == set()


def test_every_path_in_the_code_exists() -> None:
    """Comments and docstrings name files, too."""
    wanted = re.compile(rf"(?<![\w./-])(?:docs|queries|reportdb|tests|ui)/[\w./-]*\w\.(?:{SUFFIXES})\b")
    lost = set()
    for file in files():
        if file.suffix in {".py", ".js", ".css", ".sql", ".toml", ".html"}:
            text = (ROOT / file).read_text()
            lost |= {(str(file), path) for path in wanted.findall(text) if not (ROOT / path).exists()}
    assert lost == set()


@named
def test_every_link_in_a_document_leads_somewhere(document: Path) -> None:
    broken = set()
    for link in LINK.findall(BLOCK.sub("", text_of(document))):
        if link.startswith(("http:", "https:")):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.add(link)
    assert broken == set()


@named
def test_every_module_in_a_document_exists(document: Path) -> None:
    dotted = {piece.removesuffix("()") for piece in pieces(document) if re.fullmatch(r"\w+(\.\w+)+(\(\))?", piece)}
    ours = {name for name in dotted if name.split(".")[0] in PACKAGES and not is_a_path(name)}
    assert {name for name in ours if not is_defined(name)} == set()


@named
def test_every_name_in_a_document_is_written_in_the_code(document: Path) -> None:
    names = {piece for piece in pieces(document) if NAME.match(piece) and not is_a_path(piece)}
    known = words_of_the_code() | NOT_OURS
    assert {name for name in names if not set(re.findall(r"[^\W\d]\w*", name)) <= known} == set()


@named
def test_every_command_in_a_document_can_be_run(document: Path) -> None:
    assert [command for command in commands(document) if not is_command(command)] == []
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = {piece.split()[1] for piece in pieces(document) if re.fullmatch(r"make [a-z-]+", piece)}
    assert made <= targets


def test_architecture_is_read_in_ten_minutes() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().split()) <= MOST_WORDS


def test_architecture_names_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    for folder in ("ui", "queries", "reportdb"):
        rooms = {file.parent.name for file in (ROOT / folder).glob("*/__init__.py")}
        assert {room for room in rooms if not re.search(rf"`{room}`|`{folder}/{room}/?`", text)} == set()


def test_each_decision_has_its_three_parts_and_stands_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    decisions = sorted(folder.glob("[0-9]*.md"))
    assert [int(file.name[:4]) for file in decisions] == list(range(1, len(decisions) + 1))
    listed = (folder / "README.md").read_text()
    for file in decisions:
        text = file.read_text()
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], file.name
        title = re.sub(r"^# \d+\. ", "", text.splitlines()[0])
        assert f"[{title}]({file.name})" in listed

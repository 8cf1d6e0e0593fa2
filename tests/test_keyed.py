"""Counts by key, joined and summed: the same as with pandas."""

from collections.abc import Sequence

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as some

from queries.engine.filters import NONE
from queries.figures.keyed import counts_of, join_tables, keyed, keys_of, lookup, sum_tables

KEYS = some.none() | some.integers(0, 6)
COUNTS = some.integers(0, 1_000_000)


def table(rows: Sequence[tuple[int | None, ...]], columns: Sequence[str], kind: str) -> pd.DataFrame:
    """Return a table as the database returns it (None among numbers), or with a nullable pandas key."""
    found = pd.DataFrame.from_records(list(rows), columns=["key", *columns])
    return found if kind == "answer" else found.assign(key=found["key"].astype("Int64"))


def by_key(found: pd.DataFrame) -> dict[int | None, tuple[int, ...]]:
    return {
        None if pd.isna(key) else int(key): tuple(map(int, counts))
        for key, *counts in found.itertuples(index=False, name=None)
    }


@given(some.data())
@settings(derandomize=True, max_examples=200, deadline=None)
def test_parts_are_added_up_for_each_key(data: some.DataObject) -> None:
    rows = some.lists(some.tuples(KEYS, COUNTS | some.none(), COUNTS), max_size=8)
    kinds = some.sampled_from(["answer", "pandas"])
    parts = data.draw(some.lists(some.tuples(rows, kinds), min_size=1, max_size=3))
    expected: dict[int | None, tuple[int, ...]] = {}
    for part, _kind in parts:
        for key, one, other in part:
            before = expected.get(key, (0, 0))
            expected[key] = before[0] + (one or 0), before[1] + other
    found = sum_tables([table(part, ["one", "other"], kind) for part, kind in parts], ["one", "other"])
    assert by_key(found) == expected
    in_order = sorted(key for key in expected if key is not None) + [None] * (None in expected)
    assert list(by_key(found)) == in_order
    assert found.dtypes.astype(str).to_dict() == {"key": "Int64", "one": "int64", "other": "int64"}


@given(some.data())
@settings(derandomize=True, max_examples=200, deadline=None)
def test_tables_stand_side_by_side_for_each_key_of_any(data: some.DataObject) -> None:
    tables = [
        data.draw(some.dictionaries(KEYS, COUNTS, max_size=6)) for _ in range(data.draw(some.integers(1, 4), "tables"))
    ]
    found = join_tables([table(list(rows.items()), [f"of_{n}"], "answer") for n, rows in enumerate(tables)])
    keys = {key for rows in tables for key in rows}
    assert by_key(found) == {key: tuple(rows.get(key, 0) for rows in tables) for key in keys}


def test_null_is_a_key_of_its_own_and_no_count() -> None:
    answer = table([(7, None), (None, 3)], ["open"], "answer")
    assert keys_of(answer).tolist() == [7, NONE]
    assert counts_of(answer, ["open"]).tolist() == [[0], [3]]
    again = keyed(keys_of(answer), counts_of(answer, ["open"]), ["open"])
    assert by_key(again) == {7: (0,), None: (3,)}


def test_what_is_known_of_keys_is_told_in_their_order() -> None:
    known = pd.DataFrame({"code": ["a", "b"]}, index=[1, 2])
    codes = lookup(keys_of(table([(2,), (None,), (1,), (9,)], [], "answer")), known, ["code"])["code"]
    assert [None if pd.isna(code) else code for code in codes] == ["b", None, "a", None]

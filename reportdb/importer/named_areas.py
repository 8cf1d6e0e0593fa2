"""Areas by the source's own names: for a city without boundaries, and for reports without a point."""

import psycopg
from psycopg import sql

from reportdb.areas import Level
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.places import PublishedArea
from reportdb.spelling import composed, one_spelling, shown_order

_LONGEST_NAME = 200  # characters
_LEVELS: tuple[Level, ...] = ("district", "ward")


def name_areas(connection: psycopg.Connection, mapping: Mapping) -> None:
    """Note in `staged` which of our areas the source names, and use it for rows whose point gave no area.

    A level without any boundaries gets an area for each new name of the source. Raises ImportFailure for a column that
    does not hold areas.
    """
    rows = connection.execute("select distinct level from area where geometry is not null").fetchall()
    drawn = {level for (level,) in rows}
    for level in _LEVELS:
        for column, area in _columns(mapping, level, drawn):
            keys = _keys(connection, column, area, level, may_add=level not in drawn)
            connection.execute(
                sql.SQL(
                    """update staged set {named} = known.id
                       from unnest(cast(%s as text[]), cast(%s as integer[])) as known (word, id)
                       where staged.{column} = known.word and {named} is null"""
                ).format(named=sql.Identifier(f"{level}_named"), column=sql.Identifier(column)),
                [list(keys), list(keys.values())],
            )
    connection.execute(
        """update staged
           set district_from_source = district_id is null and district_named is not null,
               district_id = coalesce(district_id, district_named),
               ward_from_source = ward_id is null and ward_named is not null,
               ward_id = coalesce(ward_id, ward_named)
           where district_named is not null or ward_named is not null"""
    )


def _columns(mapping: Mapping, level: Level, drawn: set[str]) -> list[tuple[str, PublishedArea]]:
    """Return the columns of `staged` that name areas of a level: those that correspond to it, and, if it has no
    boundaries, the source's own of that level.
    """
    named: dict[Level, PublishedArea | None] = {"district": mapping.district, "ward": mapping.ward}
    return [
        (f"published_{own}", area)
        for own, area in named.items()
        if area and (area.compare == level or (area.compare is None and own == level and level not in drawn))
    ]


def _keys(
    connection: psycopg.Connection, column: str, area: PublishedArea, level: Level, *, may_add: bool
) -> dict[str, int]:
    """Return the area for each word of a column, creating areas if allowed; words without an area are left out."""
    words = [
        word
        for (word,) in connection.execute(
            sql.SQL("select distinct {0} from staged where {0} is not null order by 1").format(sql.Identifier(column))
        )
        if len(word) <= _LONGEST_NAME
    ]
    words.sort(key=shown_order)  # the first spelling of a word names its area
    known: dict[str, int] = {}
    for identity, *names in connection.execute(
        "select id, code, name_vi, name_en from area where level = %s order by id", [level]
    ):
        for name in names:
            known.setdefault(one_spelling(name), identity)
    (highest,) = connection.execute("select coalesce(max(id), 0) from area").fetchone() or (0,)
    found: dict[str, int] = {}
    added: dict[str, tuple[int, str]] = {}
    for word in words:
        spellings = area.spellings(word)
        key = next((known[name] for name in spellings if name in known), None)
        if key is None and may_add:
            key = highest = highest + 1
            known[spellings[0]] = key
            added[spellings[0]] = key, composed(" ".join(word.split()))
        if key is not None:
            found[word] = key
    if len(added) > area.most_words:
        raise ImportFailure(
            f"The mapping's published area {area.column} holds more than {area.most_words} different words. Is it "
            "the right column? If it is, raise its most_words in the mapping. Nothing was imported."
        )
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into area (id, level, code, name_vi, name_en, kind) values (%s, %s, %s, %s, %s, %s)",
            [
                (key, level, code, area.named_vi.replace("{}", name), area.named_en.replace("{}", name), level)
                for code, (key, name) in added.items()
            ],
        )
    return found

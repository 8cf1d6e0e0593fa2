"""Files in the manner of real cities' exports: their ids and words."""

from pathlib import Path

import psycopg
import pytest

from reportdb.importer import Counts, ImportFailure
from reportdb.mapping.mapping_file import read_mapping
from reportdb.rows.identity import SCIENTIFIC, scientific
from reportdb.rows.row import Rejected, ReportRow
from reportdb.rows.rows import RowReader
from reportdb.source_file.raw_row import RawRow
from tests.case_files import Case, read, reasons, rows
from tests.import_sample import CLOSED, GOOD, HEADER, SampleCity


@pytest.fixture
def city(tmp_path: Path) -> SampleCity:
    return SampleCity(tmp_path)


def test_ids_in_scientific_notation_are_rejected_as_such(tmp_path: Path) -> None:
    read = Case("09-excel-scientific-ids", tmp_path).read()
    assert len(read) == 20
    assert {row.kind for row in read if isinstance(row, Rejected)} == {SCIENTIFIC}
    assert str(read[0]) == "id '1.01003E+11' is in scientific notation: the file went through a spreadsheet"


def test_a_mapping_may_keep_ids_that_look_like_powers_of_ten(tmp_path: Path) -> None:
    kept = Case("09-excel-scientific-ids", tmp_path, ('id = "id"', 'id = { column = "id", scientific = "keep" }'))
    assert [row.source_ref for row in kept.read() if isinstance(row, ReportRow)] == ["sample:1.01003E+11"] * 20


@pytest.mark.parametrize("words", ["1.01003E+11", "1,01003E+11", "1E+15", "1.5e+09"])
def test_a_spreadsheets_power_of_ten_is_recognised(words: str) -> None:
    assert scientific(words)


@pytest.mark.parametrize("words", ["101003E11", "12E45", "1E5", "C+1", "1.01003", "21.5E+11", "2024-E+1", "", "1E+"])
def test_other_ids_are_not_taken_for_powers_of_ten(words: str) -> None:
    assert not scientific(words)


def test_a_pattern_brings_two_spellings_of_an_id_into_one(connection: psycopg.Connection, tmp_path: Path) -> None:
    case = Case(
        "10-id-dot-zero", tmp_path, ('id = "id"', r"id = { column = 'id', pattern = '(\d+)\.0', written = '\1' }")
    )
    assert case.load(connection, "march.csv").new == 2
    assert case.load(connection, "april.csv") == Counts(2, 0, 1, 1, 0, not_located=2, district_disagrees=0)
    assert rows(connection, "select source_ref, public_code, status from report order by 1") == [
        ("sample:101005000001", "S-101005000001", "resolved"),
        ("sample:101005000002", "S-101005000002", "waiting"),
    ]


def test_an_id_may_stand_in_several_columns_that_must_all_be_filled(city: SampleCity) -> None:
    city.remap(('id = "id"', 'id = { columns = ["id", "place"], between = "/" }'))
    assert [row.source_ref for row in read(city, GOOD.replace(", on", " on"))] == ["sample:7/West"]
    with pytest.raises(Rejected, match="id and place is blank"):
        read(city, GOOD.replace(", on", " on").replace("West", "n/a"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ('{ pattern = "x" }', "columns.id.columns or column must name"),
        ('{ column = "id", columns = ["id"] }', "columns.id.columns or column must name"),
        ('{ column = "id", pattern = "(" }', "columns.id.pattern and its replacement do not fit"),
        ('{ column = "id", written = "\\\\g<x>", pattern = "x" }', "columns.id.pattern and its replacement do not fit"),
        ('{ column = "id", scientific = "yes" }', "columns.id.scientific must be one of reject, keep"),
    ],
)
def test_a_wrong_id_of_a_mapping_is_refused(city: SampleCity, words: str, message: str) -> None:
    city.remap(('id = "id"', f"id = {words}"))
    with pytest.raises(ImportFailure, match=message):
        read_mapping(str(city.mapping))


def test_compositions_and_places_of_a_tone_mark_make_no_second_unit(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    counts = Case("13-nfc-and-nfd", tmp_path).load(connection)
    assert (counts.new, counts.rejected) == (3, 0)
    for table in ("category", "unit"):
        counted = f"select {table}.name_vi, count(*) from report join {table} on {table}.id = {table}_id group by 1"
        name = "Phường H\u00f2a Bình" if table == "unit" else "Hạ tầng đường"
        assert rows(connection, counted) == [(name, 3)]


def test_a_unit_known_under_the_other_spelling_keeps_its_code(connection: psycopg.Connection, tmp_path: Path) -> None:
    connection.execute(
        "insert into unit (id, code, name_vi, name_en, kind) values (7, 'phường hoà bình', 'x', 'x', 'department')"
    )
    Case("13-nfc-and-nfd", tmp_path).load(connection)
    assert rows(connection, "select id, code from unit") == [(7, "phường hoà bình")]
    assert rows(connection, "select distinct unit_id from report") == [(7,)]


def test_a_bad_secondary_value_is_unknown_and_its_row_kept(connection: psycopg.Connection, tmp_path: Path) -> None:
    case = Case("33-a-bad-secondary-field", tmp_path, ('due = { columns = ["due"], format = "iso" }', ""))
    counts = case.load(connection)
    assert (counts.new, counts.rejected) == (5, 0)
    assert rows(
        connection,
        """select source_ref, category.code, category.name_vi, category.name_en, report.severity, lon from report
           join category on category.id = category_id order by 1""",
    ) == [
        ("sample:X1", "pothole", "Pothole", "Pothole", "urgent", -73.9),
        ("sample:X2", "pothole", "Pothole", "Pothole", "urgent", None),
        ("sample:X3", "pothole", "Pothole", "Pothole", "normal", -73.9),
        ("sample:X4", "blank", "Không rõ", "Unknown", "urgent", -73.9),
        ("sample:X5", "pothole", "Pothole", "Pothole", "urgent", -73.9),
    ]
    assert [
        [(note.reason, note.column, note.words) for note in row.notes]
        for row in case.read()
        if isinstance(row, ReportRow)
    ] == [
        [],
        [("lon is no number", "lon", "unknown")],
        [("unknown word in priority", "priority", "Medium-High")],
        [("category is blank", "category", None)],
        [],
    ]


@pytest.mark.parametrize(
    ("before", "after", "reason", "column"),
    [
        ("app", "pigeon", "unknown word in how", "channel"),
        ("app", "", "how is blank", "channel"),
        ("Trees", "", "what is blank", "category"),
        ("Trees", "T" * 201, "what is too long", "category"),
        ("Parks & Rec", "P" * 201, "who is too long", "unit"),
        (",West,,", ",West,X,", "unknown word in late", "published_late"),
        ("-71.5", "west", "lon is no number", "lon"),
        ("-71.5,", "nan,", "lon is no number", "lon"),
        ("-71.5,", ",", "lon is blank beside the other coordinate", "lon"),
        ("-71.5,", "200,", "lon is beyond the degrees of the earth", "lon"),
    ],
)
def test_no_secondary_value_costs_a_row(city: SampleCity, before: str, after: str, reason: str, column: str) -> None:
    good = GOOD.replace(", on", " on")
    assert before in good
    (row,) = read(city, good.replace(before, after, 1))
    assert reasons(row) == [reason]
    assert getattr(row, column) in {None, "blank"}
    assert reasons(*read(city, good)) == []


@pytest.mark.parametrize("table", ["channels", "categories"])
def test_the_mapping_may_name_what_a_blank_or_an_unknown_word_means(city: SampleCity, table: str) -> None:
    known = 'unlisted = "unknown"\nblank = "other"\nknown = [{ code = "other", en = "Other" }]'
    city.remap(
        ("[channels]\nknown = [", '[channels]\nblank = "other"\nknown = [{ code = "other", en = "Other" },'),
        ('[categories]\nunlisted = "add"', f"[categories]\n{known}"),
    )
    field, word = ("channel", "app") if table == "channels" else ("category", "Trees")
    good = GOOD.replace(", on", " on")
    blank, unknown = read(city, good.replace(word, ""), good.replace(word, "pigeon"))
    assert (getattr(blank, field), getattr(unknown, field)) == ("other", "other")
    column = "how" if table == "channels" else "what"
    assert not [reason for reason in reasons(blank) if column in reason]
    assert f"unknown word in {column}" in reasons(unknown)


@pytest.mark.parametrize(("unlisted", "code"), [("add", "pigeon"), ("unknown", "blank"), ("reject", None)])
def test_a_mapping_says_what_becomes_of_words_it_does_not_list(
    city: SampleCity, unlisted: str, code: str | None
) -> None:
    city.remap(("[channels]", f'[channels]\nunlisted = "{unlisted}"'))
    pigeon = GOOD.replace(", on", " on").replace("app", "Pigeon")
    if code is None:
        with pytest.raises(Rejected, match="how 'Pigeon' is not in the mapping"):
            read(city, pigeon)
    else:
        assert read(city, pigeon)[0].channel == code


def test_a_rejected_row_makes_no_term(connection: psycopg.Connection, city: SampleCity) -> None:
    bad = GOOD.replace("7,", "9,", 1).replace("Trees", "Ghosts").replace("Parks & Rec", "Ghost hunters")
    rejects = (
        bad.replace(",open", ",lost"),
        bad.replace("2024-03-01", "2024-13-01"),
        bad + ",more",
        bad.replace("9,", "7,"),
    )
    assert city.load(connection, GOOD, *rejects).rejected == 4
    assert rows(connection, "select code from category union select code from unit order by 1") == [
        ("parks",),
        ("trees",),
    ]


def test_the_name_of_a_term_does_not_depend_on_the_order_of_rows(city: SampleCity) -> None:
    first, second = (GOOD.replace(", on", " on").replace("Trees", word) for word in ("Ho\u00e0 Bình", "H\u00f2a bình"))
    for lines in ((first, second), (second, first)):
        reader = RowReader(read_mapping(str(city.mapping)), HEADER.split(","))
        for line in lines:
            reader.read(RawRow(2, line, line.split(",")))
        assert [term.name_vi for term in reader.categories.values()] == ["H\u00f2a bình"]


def test_areas_without_boundaries_are_one_however_the_tone_mark_is_placed(
    connection: psycopg.Connection, city: SampleCity
) -> None:
    text = city.mapping.read_text(encoding="utf-8")
    city.mapping.write_text(text[: text.index("[[boundaries]]")], encoding="utf-8")
    city.load(connection, GOOD.replace("West", "Ho\u00e0 Bình"), CLOSED.replace("West", "H\u00f2a Bình"))
    assert rows(
        connection, "select area.name_vi, count(*) from report join area on area.id = district_id group by 1"
    ) == [("H\u00f2a Bình", 2)]


def test_words_that_mean_nothing_and_words_for_areas_are_compared_like_others(city: SampleCity) -> None:
    city.remap(('nothing = ["n/a"]', 'nothing = ["KH\u00d4NG C\u00d3"]'))
    good = GOOD.replace(", on", " on")
    (row,) = read(city, good.replace("Parks & Rec", "kh\u006f\u0302ng  co\u0301"))
    assert (row.unit, row.published_district) == (None, "West")
    area = read_mapping(str(city.mapping)).district
    assert area is not None
    assert area.spellings("SUNSET") == ["sunset", "west"]


def test_two_spellings_of_a_status_cannot_mean_different_things(city: SampleCity) -> None:
    city.remap(('open = "waiting"', 'open = "waiting"\n"OPEN " = "resolved"'))
    with pytest.raises(ImportFailure, match="is the same word as another one, which means 'waiting'"):
        read_mapping(str(city.mapping))


def test_a_row_keeps_its_words_in_one_composition(city: SampleCity) -> None:
    (row,) = read(city, GOOD.replace('"Fallen, on a path"', "Ca\u0302y \u0111o\u0302\u0309\ufeff"))
    assert row.title == "C\u00e2y \u0111\u1ed5"


def test_a_column_with_many_words_needs_a_higher_limit(connection: psycopg.Connection, tmp_path: Path) -> None:
    with pytest.raises(ImportFailure, match=r"more than 1000 different words.* raise most_words"):
        Case("37-thousand-words", tmp_path).load(connection)
    case = Case("37-thousand-words", tmp_path, ("[categories]", "[categories]\nmost_words = 2000"))
    counts = case.load(connection)
    assert (counts.new, counts.rejected) == (counts.read, 0)
    assert rows(connection, "select count(*) from category") == [(counts.read,)]


@pytest.mark.parametrize(
    ("keys", "words", "code"),
    [
        ('separator = ";"', "Trees; Roads", "trees"),
        ('separator = ";"', " ; ;Roads", "roads"),
        ('separator = ";"', ";", "blank"),
        ('separator = ";"\nprefer = ["flood", "ROADS"]', "Trees;Roads", "roads"),
        ('separator = ";"\nprefer = ["flood"]', "Trees; High water", "flood"),
        ('separator = ";"', "Mud; stones", "landslide"),
        ('separator = ";"\nprefer = ["landslide"]', "Trees;LANDSLIDE", "landslide"),
        ('separator = ";"\nprefer = ["flood", "landslide"]', "landslide;Trees;high  water", "flood"),
        ('separator = " / "', "Trees/Roads / Water", "trees/roads"),
    ],
)
def test_of_several_words_in_a_row_one_counts(city: SampleCity, keys: str, words: str, code: str) -> None:
    known = """known = [{ code = "flood", en = "Flood", words = ["High water"] },
                        { code = "landslide", en = "Landslide", words = ["Mud; stones"] }]"""
    city.remap(("[categories]", f"[categories]\n{keys}\n{known}"))
    assert read(city, GOOD.replace(", on", " on").replace("Trees", words))[0].category == code


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("most_words = 0", "categories.most_words must be a whole number, 1 or more"),
        ('prefer = ["Trees"]', "categories.prefer needs a separator"),
        ('separator = ""', "categories.separator must be at least one character"),
    ],
)
def test_wrong_keys_for_words_are_refused(city: SampleCity, keys: str, message: str) -> None:
    city.remap(("[categories]", f"[categories]\n{keys}"))
    with pytest.raises(ImportFailure, match=message):
        read_mapping(str(city.mapping))

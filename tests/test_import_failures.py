"""What an import cannot do it says in words, and it leaves the database and the rejects file as they were."""

import gzip
import resource
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rich.progress import Progress

from reportdb.importer import ImportFailure, import_reports
from reportdb.mapping.mapping_file import SHIPPED, read_mapping
from tests.import_sample import AGAIN, CLOSED, GOOD, HEADER, SampleCity

MANY = [CLOSED.replace("8,", f"{number},", 1).replace("Hole", f"Hole {number * 7919}") for number in range(1000, 3000)]
FILE = "\n".join((HEADER, *MANY)).encode()


@pytest.fixture
def city(tmp_path: Path) -> SampleCity:
    return SampleCity(tmp_path)


def nothing_happened(connection: psycopg.Connection, city: SampleCity) -> bool:
    counts = [connection.execute(f"select count(*) from {table}".encode()).fetchone() for table in ("city", "report")]
    return counts == [(0,), (0,)] and {file.suffix for file in city.folder.iterdir()} <= {".csv", ".toml", ".geojson"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty: not even a header"),
        (b"\n\n", "is empty: not even a header"),
        (HEADER.encode(), "holds a header and not a single row"),
        (FILE.replace(b",note,", b",memo,").replace(b",how", b",via"), r"lacks columns .*: how, note. It has: id, "),
        (FILE.replace(b",lon,lat", b",lon,lon"), "lacks columns the mapping reads: lat"),
        (FILE.replace(b",late,note", b",note,note").replace(b",place", b",late,place"), "several columns named note"),
        (FILE.replace(b"Hole", b"Tr\xe1i c\xe2y"), r"is not utf-8 text: line 2, byte \d+ is 0xe1, and 1999 more"),
        (FILE.decode().encode("utf-16-le"), "the header is not utf-8 text.* set encoding = 'utf-16'"),
        (bytes(range(256)) * 100, "is not utf-8 text"),
        (gzip.compress(FILE)[:-3000], "the compressed file is incomplete"),
        (gzip.compress(FILE)[:200], "the compressed file is incomplete"),
        (gzip.compress(FILE)[:-8] + b"12345678", "cannot be read to its end"),
        (FILE.replace(b",Trees,", b",x,").replace(b"Roads", b"Roads %d"), "more than 1000 different words"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(
    connection: psycopg.Connection, city: SampleCity, content: bytes, words: str
) -> None:
    for number in range(content.count(b"%d")):
        content = content.replace(b"%d", str(number).encode(), 1)
    with pytest.raises(ImportFailure, match=words):
        city.load_bytes(connection, content)
    assert nothing_happened(connection, city)


def test_a_file_that_is_not_there_is_named(connection: psycopg.Connection, city: SampleCity) -> None:
    city.file.mkdir()
    with pytest.raises(ImportFailure, match=r"city.csv cannot be read: Is a directory"):
        import_reports(connection, city.file, mapping=str(city.mapping), rejects=city.rejects, boundaries=city.folder)


def test_latin_1_is_read_when_the_mapping_says_so(connection: psycopg.Connection, city: SampleCity) -> None:
    city.remap(("[source]", '[source]\nencoding = "latin-1"'))
    city.load_bytes(connection, "\n".join((HEADER, GOOD.replace("path", "café"))).encode("latin-1"))
    assert connection.execute("select title from report").fetchone() == ("Fallen, on a café",)


def test_compressed_and_plain_files_read_alike(connection: psycopg.Connection, city: SampleCity) -> None:
    assert city.load_bytes(connection, gzip.compress(FILE)).new == 2000
    assert city.load_bytes(connection, b"\xef\xbb\xbf" + FILE.replace(b"\n", b"\r\n")).unchanged == 2000


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('id = "id"', "", "columns.id is missing"),
        ('id = "id"', "id = 7", "columns.id must be text, not 7"),
        ('id = "id"', 'id = "id"\nidd = "id"', "columns.idd is not understood; known here: "),
        ('channel = "how"', "", "columns.channel is missing; without that column, channels.blank"),
        ('title = ["note"]', 'title = "note"', "columns.title must be a list of texts"),
        (
            '"America/New_York"',
            '"New York"',
            "city.time_zone is not an IANA time zone known to this",
        ),
        ('open = "waiting"', 'open = "offen"', "statuses.open must be one of waiting, in_progress, resolved, refused"),
        (
            'columns = ["opened"], format = "iso"',
            'columns = ["opened"], format = "%Q"',
            "times.submitted.format must be iso",
        ),
        ('columns = ["opened"], format', "format", "times.submitted.columns is missing"),
        (
            '["due"], format = "iso"',
            '["due"], format = "iso", of_day = "noon"',
            "times.due.of_day must be a time of day",
        ),
        (
            'words = ["mobile"]',
            'words = ["phone"]',
            "words holds 'phone', which already means 'phone'|already means 'app'",
        ),
        ("tolerance = 0.001", "tolerance = true", "location.tolerance must be a number"),
        ("lat = 42.25 }", 'lat = "42.25" }', "lat must be a number, not '42.25'"),
        (r"(\w+) side", r"(\w+ side", "published.district.pattern and its replacement do not fit"),
        (r"written = '\1'", r"written = '\2'", "published.district.pattern and its replacement do not fit"),
        ('compare = "district"', 'compare = "zone"', "compare must be one of district, ward, not 'zone'"),
        ("[source]", '[source]\nencoding = "klingon"', "source.encoding is no encoding known to Python"),
        ("[source]", '[source]\ndelimiter = ";;"', "source.delimiter must be one character"),
        ("[source]", '[source]\nencoding = "rot13"', "source.encoding is no encoding known to Python"),
        ("[units]", '[units]\nblank = "nobody"', "units.blank names no code of this table: 'nobody'"),
        ("[city]", "[city", "is not TOML"),
        ("[units]\n", "", "unlisted is not understood|is not TOML"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_key_that_is_wrong(
    connection: psycopg.Connection, city: SampleCity, before: str, after: str, words: str
) -> None:
    city.remap((before, after))
    with pytest.raises(ImportFailure, match=words):
        city.load(connection, GOOD)
    assert nothing_happened(connection, city)


def test_an_unknown_mapping_is_told_which_ones_there_are(connection: psycopg.Connection, city: SampleCity) -> None:
    with pytest.raises(ImportFailure, match="one of ours: boston, kansas_city, open311, washington"):
        city.load(connection, GOOD, mapping="atlantis")


@pytest.mark.parametrize("name", sorted(file.stem for file in SHIPPED.glob("*.toml") if file.stem != "open311"))
def test_the_shipped_mappings_are_sound(name: str) -> None:
    assert read_mapping(name).source == name


def test_a_mapping_to_be_extended_asks_for_the_city(tmp_path: Path) -> None:
    with pytest.raises(ImportFailure, match=r"'open311': city\.time_zone is missing"):
        read_mapping("open311")
    city = 'code = "x"\nname_vi = "X"\nname_en = "X"\ntime_zone = "Asia/Ho_Chi_Minh"\ncountry = "VN"\n'
    extended = tmp_path / "x.toml"
    extended.write_text(f'extends = "open311"\n[city]\n{city}[source]\nname = "x"\ncode_prefix = "X-"\n')
    assert read_mapping(str(extended)).source == "x"


@pytest.mark.parametrize(
    ("code", "demo", "words"), [("hanoi", False, "holds Hanoi"), ("sample", True, "the demo city")]
)
def test_another_citys_database_is_refused(
    connection: psycopg.Connection, city: SampleCity, code: str, demo: bool, words: str
) -> None:
    connection.execute(
        """insert into city (code, name_vi, name_en, time_zone, country, demo)
           values (%s, 'Hà Nội', 'Hanoi', 'Asia/Ho_Chi_Minh', 'VN', %s)""",
        [code, demo],
    )
    with pytest.raises(ImportFailure, match=rf"{words}, and the file is of Sample"):
        city.load(connection, GOOD)
    assert connection.execute("select count(*) from report").fetchone() == (0,)


def test_missing_boundaries_are_named(connection: psycopg.Connection, city: SampleCity) -> None:
    (city.folder / "districts.geojson").unlink()
    with pytest.raises(ImportFailure, match=r"districts.geojson cannot be read: No such file.*--boundaries"):
        city.load(connection, GOOD)
    assert nothing_happened(connection, city)


def test_a_country_without_known_holidays_is_refused(connection: psycopg.Connection, city: SampleCity) -> None:
    city.remap(('country = "US"', 'country = "XX"'))
    with pytest.raises(ImportFailure, match="calendar cannot be filled"):
        city.load(connection, GOOD)
    assert nothing_happened(connection, city)


class Interrupting(Progress):
    """A progress bar during which Ctrl-C is pressed."""

    def update(self, *_: Any, **__: Any) -> None:
        raise KeyboardInterrupt


def test_an_interrupted_import_leaves_everything_as_it_was(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, "broken", GOOD)
    before = city.rejects.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        city.load(connection, "also broken", GOOD.replace("Trees", "Parks"), *MANY, at=AGAIN, progress=Interrupting())
    assert connection.execute("select count(*), max(updated_at) < %s from report", [AGAIN]).fetchone() == (1, True)
    assert city.rejects.read_bytes() == before
    assert not list(city.folder.glob("*.unfinished"))


def test_a_full_disk_for_rejects_leaves_everything_as_it_was(connection: psycopg.Connection, city: SampleCity) -> None:
    content = "\n".join((HEADER, *("broken" + "x" * 100 for _ in range(2000)))).encode()
    city.file.write_bytes(content)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(content) // 2, limits[1]))
    try:
        with pytest.raises(ImportFailure, match=r"rejects.csv cannot be written: File too large"):
            import_reports(
                connection, city.file, mapping=str(city.mapping), rejects=city.rejects, boundaries=city.folder
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert nothing_happened(connection, city)


@pytest.mark.parametrize(("place", "words"), [("nowhere/rejects.csv", "No such file"), ("", "is a folder")])
def test_a_place_where_rejects_cannot_go_is_refused_first(
    connection: psycopg.Connection, city: SampleCity, place: str, words: str
) -> None:
    with pytest.raises(ImportFailure, match=words):
        city.load(connection, GOOD, rejects=city.folder / place)
    assert nothing_happened(connection, city)


def test_two_imports_at_once_wait_for_each_other(
    connection: psycopg.Connection, database: str, city: SampleCity
) -> None:
    with connection.transaction():
        city.load(connection, GOOD)
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("set lock_timeout = '100ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                city.load(other, CLOSED)
    assert connection.execute("select count(*) from report").fetchone() == (1,)

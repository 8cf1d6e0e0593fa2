"""Every time reads back to the instant that was written, however it is spelled; what is no time is told so."""

import csv
import io
from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdb.mapping.mapping_file import read_mapping
from reportdb.mapping.moments import Moment
from reportdb.rows.moments import MomentReader
from reportdb.rows.row import Rejected
from reportdb.rows.rows import RowReader
from reportdb.source_file.raw_row import RawRow
from reportdb.time_formats.likely import likely_format
from reportdb.time_formats.time_format import time_format
from tests.import_sample import HEADER, SampleCity

HANOI, NEW_YORK = ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("America/New_York")
ICT = timezone(timedelta(hours=7))  # Hanoi itself was at 08:00 until 1975
ZONES = st.sampled_from([HANOI, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kolkata")])
many = settings(max_examples=200, deadline=None)


def reader(*formats: str, zone: ZoneInfo = HANOI, ignore_zone: bool = False, midnight: bool = False) -> MomentReader:
    moment = Moment(("at",), formats, time(0), ignore_zone=ignore_zone, midnight_is_day=midnight)
    return MomentReader(moment, zone)


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """An instant to the microsecond, none of a placeholder's day."""
    return draw(st.datetimes(datetime(1971, 1, 2), datetime(2199, 12, 30))).replace(tzinfo=UTC)  # noqa: DTZ001


def offset_of(moment: datetime) -> str:
    sign, seconds = ("-", -1) if moment.utcoffset() < timedelta(0) else ("+", 1)  # type: ignore[operator]
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) * seconds // 60
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


WITH_ZONE = [
    lambda at: at.isoformat(),
    lambda at: at.isoformat(" "),
    lambda at: at.isoformat().replace("-", "−"),
    lambda at: at.isoformat(" ").replace(" ", "\u00a0"),
    lambda at: at.isoformat()[:-6] + offset_of(at).replace(":", ""),
    lambda at: at.isoformat()[:-6] + " GMT" + offset_of(at),
    lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    lambda at: at.astimezone(UTC).isoformat().replace("+00:00", " UTC"),
    lambda at: at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ"),
    lambda at: at.astimezone(UTC).strftime("%G-W%V-%uT%H:%M:%S,%f000Z"),
    lambda at: at.astimezone(UTC).strftime("%Y-%jT%H%M%S.%fZ"),
    lambda at: at.isoformat()[:-6] + offset_of(at) + "[Asia/Ho_Chi_Minh]",
    lambda at: at.astimezone(ICT).strftime("%Y-%m-%d %H:%M:%S.%f ICT"),
    lambda at: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f[Etc/UTC]"),
    lambda at: at.strftime("%Y/%m/%d %I:%M:%S.%f %p ") + offset_of(at),
]
"""Spellings that "iso" reads, of a moment in a fixed offset."""


@many
@given(at=instants(), minutes=st.integers(-14 * 60, 14 * 60), spelling=st.sampled_from(WITH_ZONE))
def test_a_time_with_a_zone_is_the_instant_whatever_the_columns_zone(
    at: datetime, minutes: int, spelling: object
) -> None:
    local = at.astimezone(timezone(timedelta(minutes=minutes)))
    words = spelling(local if local.microsecond else local.replace(microsecond=1))  # type: ignore[operator]
    expected = at if at.microsecond else at.replace(microsecond=1)
    assert reader("iso", zone=NEW_YORK).read(words).instant == expected


FORMATS = [
    *("%d/%m/%Y %H:%M:%S.%f", "%m-%d-%Y %I:%M:%S.%f %p", "%H:%M:%S.%f %d.%m.%Y", "%d %b %Y %H:%M:%S.%f"),
    *("%a, %d %B %Y %H:%M:%S.%f", "%Y%m%d%H%M%S%f", "%j/%Y %T.%f", "%G %V %u %H:%M:%S.%f"),
]


@many
@given(at=instants(), form=st.sampled_from(FORMATS), zone=ZONES, bare=st.booleans())
def test_a_local_time_in_a_format_of_strptime_reads_back(at: datetime, form: str, zone: ZoneInfo, bare: bool) -> None:
    local = at.astimezone(zone)
    words = local.strftime(form)
    if bare and "/" in form:  # without leading zeros
        words = "/".join(part.lstrip("0") for part in words.split("/"))
    expected = local.replace(fold=0).astimezone(UTC)  # the first of a repeated hour
    assert reader(form, zone=zone).read(words).instant == expected


@many
@given(at=instants(), form=st.sampled_from(FORMATS[:6]), where=st.sampled_from([" %Z", " %z", " UTC", " +00:00", "Z"]))
def test_a_zone_in_a_format_counts_whether_letter_or_text(at: datetime, form: str, where: str) -> None:
    if form.endswith(("Y", "p")):
        form = "%d/%m/%Y %H:%M:%S.%f"
    words = at.strftime(form + where.replace("%Z", "UTC").replace("%z", "+0000"))
    assert reader(form + where).read(words).instant == at


@many
@given(at=instants())
def test_counts_of_seconds_milliseconds_and_days_read_back(at: datetime) -> None:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert reader("epoch_ms").read(str(milliseconds)).instant == at
    assert reader("epoch").read(f"{milliseconds / 1000:.3f}").instant == at
    assert reader("epoch", "epoch_ms").read(str(milliseconds)).instant in {at, *_as_seconds(milliseconds)}
    local = at.astimezone(HANOI).replace(tzinfo=None)
    days = (local - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001
    assert reader("excel").read(f"{days:.10f}").instant == at


def _as_seconds(number: int) -> set[datetime]:
    return {datetime.fromtimestamp(number, UTC)} if number < 7_000_000_000 else set()


@pytest.mark.parametrize(
    ("form", "words", "hour"),
    [
        ("%d/%m/%Y %I:%M %p", "1/3/2024 09:30 SA", 9),
        ("%d/%m/%Y %I:%M %p", "01/03/2024 09:30 CH", 21),
        ("%d/%m/%Y %I:%M %p", "01/03/2024 12:30 sa", 0),
        ("%d/%m/%Y %I:%M %p", "01/03/2024 12:30 p.m.", 12),
        ("%d/%m/%Y %I:%M %p", "01/03/2024 9:30 a. m.", 9),
        ("%d/%m/%Y %H:%M %p", "01/03/2024 09:30 PM", 21),
        ("%d/%m/%Y %H:%M %p", "01/03/2024 21:30 PM", 21),
        ("%H:%M %d %b %Y", "09:30 1 Tháng 3 2024", 9),
        ("%a, %d/%m/%Y %H:%M", "Thứ Sáu, 01/03/2024 09:30", 9),
        ("iso", "2024-03-01 9:30 CH", 21),
        ("iso", "2024-03-01 09:30 chiều", 21),
    ],
)
def test_halves_of_the_day_in_english_and_vietnamese(form: str, words: str, hour: int) -> None:
    assert reader(form).read(words).instant == datetime(2024, 3, 1, hour, 30, tzinfo=HANOI).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "words", "hours"),
    [
        (HANOI, "ICT", 7),
        (HANOI, "Z", 0),
        (HANOI, "gmt+7", 7),
        (HANOI, "UTC-03:30", -3.5),
        (HANOI, "+7", 7),
        (HANOI, "GMT+0700 (Indochina Time)", 7),
        (HANOI, "America/New_York", -5),
        (HANOI, "CST", -6),
        (ZoneInfo("Asia/Shanghai"), "CST", 8),
        (ZoneInfo("Asia/Kolkata"), "IST", 5.5),
    ],
)
def test_a_written_zone_is_known_by_offset_abbreviation_or_name(zone: ZoneInfo, words: str, hours: float) -> None:
    for form in ("iso", "%Y-%m-%d %H:%M:%S %Z"):
        found = reader(form, zone=zone).read(f"2024-03-01 12:00:00 {words}").instant
        assert found == datetime(2024, 3, 1, 12, tzinfo=UTC) - timedelta(hours=hours)


@pytest.mark.parametrize(
    "words",
    ["2024-03-01 12:00:00 XYZ", "2024-03-01 12:00:00 Mars/Base", "2024-03-01T12:00 IST", "2024-03-01T10:00+25:00"],
)
def test_an_unknown_zone_makes_no_time(words: str) -> None:
    assert reader("iso").read(words)[0::3] == (None, "has an unknown time zone")


@pytest.mark.parametrize(
    "words",
    [
        *("2024", "2024-03", "2024-W09", "202403", "1735689665", "2012013100000", "1.7e9", "01/03/2024", "noon"),
        *("2024-02-30", "2023-02-29T10:00", "2024-13-01", "2024-03-01T25:00", "2024-03-01T10:60", "2024-03-01T24:01"),
        *(
            "2024-03-01 15:00 AM",
            "2024-03-01 TBD",
            "2024-03-01-05",
            "2024-366x",
            "2023-366",
            "2024-W54-1",
        ),
    ],
)
def test_what_is_ambiguous_or_impossible_is_no_iso_time(words: str) -> None:
    reading = reader("iso").read(words)
    assert reading[0::3] == (None, "is no time as the mapping writes it")
    assert reading.filled


@many
@given(words=st.text(max_size=30), form=st.sampled_from(["iso", "epoch", "epoch_ms", "excel", *FORMATS]))
def test_no_words_make_a_reader_fail(words: str, form: str) -> None:
    for ignore_zone, midnight in ((False, False), (True, False), (False, True)):
        reading = reader(form, ignore_zone=ignore_zone, midnight=midnight).read(words)
        assert (reading.instant is None) == bool(reading.reason or not reading.filled)
        assert reading.instant is None or 1899 <= reading.instant.year <= 2200


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("iso", "1970-01-01T00:00:00Z"),
        ("iso", "1970-01-01 07:00:00"),  # nothing, as a clock in Hanoi shows it
        ("iso", "1969-12-31 19:00:00-05:00"),
        ("epoch", "0"),
        ("excel", "1"),
        ("%d/%m/%Y", "31/12/9999"),
        ("%d.%m.%Y %H:%M", "01.01.0001 00:00"),
    ],
)
def test_what_programs_write_for_no_time_is_recognised(form: str, words: str) -> None:
    reading = reader(form).read(words)
    assert (reading.instant, reading.filled) == (None, False)
    assert "is a placeholder (" in str(reading.reason)


def test_formats_are_tried_in_their_order() -> None:
    both = reader("%d/%m/%Y", "%m/%d/%Y %H:%M", "iso")
    for words, day in (("02/03/2024", 2), ("03/04/2024 00:00", 4), ("2024-03-05", 5)):
        assert both.read(words).instant == datetime(2024, 3, day, tzinfo=HANOI).astimezone(UTC)


@pytest.mark.parametrize("form", ["%Q", "%H:%M", "%d/%m", "%Y %Y-%m-%d", "", "noon", "%d/%m/%Y %"])
def test_a_format_that_gives_no_day_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        time_format(form)


@many
@given(
    at=st.lists(st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1)), min_size=30, max_size=40),  # noqa: DTZ001
    form=st.sampled_from(["%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S", "%H:%M %d/%m/%Y", "%d.%m.%y"]),
)
def test_the_likely_format_reads_all_samples(at: list[datetime], form: str) -> None:
    words = [each.strftime(form) for each in (*at, datetime(2024, 3, 31, 14, 5, 6))]  # noqa: DTZ001
    assert likely_format(["", *words]) == ("iso" if form.startswith("%Y") else form)


def test_no_format_is_likely_for_words_that_are_no_times() -> None:
    assert likely_format(["Pothole", "2024-03-01"]) is None
    assert likely_format(["", " "]) is None
    assert likely_format(["7", "12"]) is None


ODD_TIMES = st.one_of(
    st.sampled_from(["", "n/a", "TBD", "1900-01-01", "9999-12-31", "0001-01-01 00:00:00", "3016-05-01", "2024-03-10"]),
    st.datetimes(datetime(2023, 11, 1), datetime(2024, 12, 1)).map(  # noqa: DTZ001
        lambda at: at.replace(microsecond=0).isoformat(" ")
    ),
    st.sampled_from(["2024-11-03 01:10:00", "2024-11-03 01:50:00", "2024-03-10 02:30:00", "2024-03-10 03:10:00"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
)
OPENED = st.sampled_from(
    ["2024-11-03 01:50:00", "2024-11-03 01:10:00-05:00", "2024-03-10 02:30:00", "2024-03-10", "2024-06-01T10:00Z"]
)
STATE_KEYS = ["", 'wins = "time"', 'blank = "times"\nunlisted = "waiting"', 'closed_without_time = "changed"']


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> list[RowReader]:
    """Readers of the sample city's rows, for each of several mappings."""
    city, found = SampleCity(tmp_path_factory.mktemp("city")), []
    columns = HEADER.split(",")
    closed = 'ended = { columns = ["closed"], format = "iso"'
    for state in STATE_KEYS:
        for more in ("", ', midnight = "day"', ', of_day = "08:00:00"', ', zone = "UTC"'):
            city.remap(
                ("[location]", f"[state]\n{state}\n[location]"),
                (closed + " }", f'changed = {{ columns = ["note"], format = "iso" }}\n{closed}{more} }}'),
                ("[times]", '[times]\nreceived = { columns = ["place"], format = "iso" }'),
                ('open = "waiting"', 'open = "waiting"\n"" = "waiting"' if "blank" in state else 'open = "waiting"'),
                ('column = "place"', 'column = "late"'),
            )
            found.append(RowReader(read_mapping(str(city.mapping)), columns, datetime(2025, 1, 1, tzinfo=UTC)))
    return found


@settings(max_examples=300, deadline=None)
@given(data=st.data(), opened=OPENED, others=st.lists(ODD_TIMES, min_size=4, max_size=4))
def test_every_row_with_a_submission_is_kept_and_ends_no_earlier(
    readers: list[RowReader], data: st.DataObject, opened: str, others: list[str]
) -> None:
    chosen = data.draw(st.sampled_from(readers))
    due, closed, received, changed = others
    status = data.draw(st.sampled_from(["open", "closed", "cancelled"]))
    fields = ["7", opened, due, closed, "app", "Trees", "Parks", "-71.5", "42.5", received, "", changed, status]
    text = io.StringIO()
    csv.writer(text).writerow(fields)
    try:
        row = chosen.read(RawRow(2, text.getvalue(), fields))
    except Rejected as reason:
        pytest.fail(f"rejected: {reason}")
    assert (row.status in {"resolved", "refused"}) == (row.ended_at is not None)
    assert row.ended_at is None or row.ended_at >= row.submitted_at
    assert row.received_at is None or row.received_at >= row.submitted_at
    assert row.ended_known or row.ended_at is not None
    if status != "open":
        assert row.status == ("resolved" if status == "closed" else "refused")

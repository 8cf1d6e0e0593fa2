"""However a word, a number or a point is written, it is read as the same; and only an id or a time costs a row."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdb.mapping.mapping_file import read_mapping
from reportdb.mapping.places import Location
from reportdb.mapping.words import UNKNOWN, Vocabulary
from reportdb.rows.degrees import number
from reportdb.rows.points import interpret_pair
from reportdb.rows.row import Rejected
from reportdb.rows.rows import RowReader
from reportdb.rows.words import interpret_term
from reportdb.source_file.raw_row import RawRow
from reportdb.spelling import composed, one_spelling
from tests.import_sample import HEADER, SampleCity

ADD = Vocabulary({}, frozenset(), None, "add", UNKNOWN)
SYLLABLES = [
    "hòa",
    "thúy",
    "khỏe",
    "quý",
    "hoàn",
    "đường",
    "Phường",
    "Hủy",
    "loè",
    "XÓA",
    "Bình",
    "cây",
    "ngoẻo",
    "xòe",
    "quỳ",
]
# The other way to place the tone mark, for those that have one.
OTHER_WAY = {"hòa": "hoà", "thúy": "thuý", "khỏe": "khoẻ", "Hủy": "Huỷ", "loè": "lòe", "XÓA": "XOÁ", "xòe": "xoè"}
SPACES = st.text(" \t\u00a0\u200b", min_size=1, max_size=3).filter(lambda spaces: spaces.strip("\u200b") != "")


@pytest.fixture
def city(tmp_path: Path) -> SampleCity:
    return SampleCity(tmp_path)


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str]:
    """Draw two spellings of the same words."""
    words = draw(st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=4))
    return _spelled(draw, words), _spelled(draw, words)


def _spelled(draw: st.DrawFn, words: list[str]) -> str:
    written = ""
    for word in words:
        other = draw(st.sampled_from([word, OTHER_WAY.get(word, word)]))
        cased = draw(st.sampled_from([other, other.upper(), other.lower(), other.title()]))
        decomposed = unicodedata.normalize("NFD", cased)
        written += draw(SPACES) + draw(st.sampled_from([cased, decomposed]))
    return written + draw(st.sampled_from(["", " ", "\ufeff"]))


@given(two=spellings())
def test_any_composition_case_and_spacing_of_a_word_gives_one_term(two: tuple[str, str]) -> None:
    terms = [interpret_term(composed(words), "what", ADD).term for words in two]
    assert terms[0] is not None
    assert terms[1] is not None
    assert terms[0].code == terms[1].code


@given(words=st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=3), data=st.data())
def test_another_word_gives_another_term(words: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(words) - 1))
    other = data.draw(st.sampled_from([word for word in SYLLABLES if word != words[place]]))
    assert one_spelling(" ".join(words)) != one_spelling(" ".join([*words[:place], other, *words[place + 1 :]]))


@given(words=st.text(max_size=30))
def test_one_spelling_of_any_text_is_a_fixed_point(words: str) -> None:
    assert one_spelling(one_spelling(words)) == one_spelling(words)
    assert one_spelling(composed(words)) == one_spelling(words)


degrees = st.decimals(-180, 180, places=6, allow_nan=False, allow_infinity=False)
latitudes = st.decimals(-90, 90, places=6, allow_nan=False, allow_infinity=False)


@given(value=degrees)
def test_a_number_reads_the_same_with_point_or_comma(value: float) -> None:
    plain = f"{value:f}"
    assert number(plain) == number(plain.replace(".", ",")) == pytest.approx(float(value), abs=1e-9)
    assert number(plain, ".") == number(plain.replace(".", ","), ",") == number(plain)


@given(metres=st.decimals(0, 9_999_999, places=2, allow_nan=False, allow_infinity=False))
def test_a_number_reads_the_same_with_any_sign_between_thousands(metres: float) -> None:
    english = f"{metres:,.2f}"
    swapped = english.translate(str.maketrans(",.", ".,"))
    spaced = english.replace(",", " ")
    assert number(english) == number(swapped) == number(spaced) == float(metres)


FORMS = [
    "({lat}, {lon})",
    "{lat},{lon}",
    "{lat} {lon}",
    "[{lat}; {lon}]",
    "1 Main St\nBoston, MA\n({lat}, {lon})",
    "POINT ({lon} {lat})",
    "SRID=4326;POINT({lon} {lat})",
    '{{"type": "Point", "coordinates": [{lon}, {lat}]}}',
    "{{'latitude': '{lat}', 'longitude': '{lon}'}}",
    '{{"lng": {lon}, "lat": {lat}}}',
]


@given(lon=degrees, lat=latitudes, form=st.sampled_from(FORMS))
def test_a_point_reads_back_to_the_same_place_in_any_form(lon: float, lat: float, form: str) -> None:
    location = Location(None, None, (), 0.00001, column="point", form="lat, lon")
    written = form.format(lon=f"{lon:f}", lat=f"{lat:f}")
    assert interpret_pair(written, location) == (float(lon), float(lat))


@given(lon=degrees, lat=latitudes, between=st.sampled_from([", ", ";", " ", ",", "; "]))
def test_a_pair_with_decimal_commas_reads_back_too(lon: float, lat: float, between: str) -> None:
    location = Location(None, None, (), 0.00001, column="point", form="lon, lat")
    assert interpret_pair(f"{lon:f}{between}{lat:f}".replace(".", ","), location) == (float(lon), float(lat))


@given(words=st.text(max_size=60))
def test_any_text_as_a_point_is_a_pair_of_finite_numbers_or_none(words: str) -> None:
    location = Location(None, None, (), 0.00001, column="point", form="lat, lon")
    pair = interpret_pair(words, location)
    assert pair is None or all(abs(value) < float("inf") for value in pair)


garbage = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
secondary = {
    "how": st.sampled_from(["app", "PHONE", "pigeon", "", "n/a"]) | garbage,
    "what": st.sampled_from(["Trees", "Hoà", "", "T" * 300]) | garbage,
    "who": st.sampled_from(["Parks & Rec", ""]) | garbage,
    "lon": st.sampled_from(["-71.5", "-71,5", "west", "", "999", "nan", "1e400"]) | garbage,
    "lat": st.sampled_from(["42.5", "42°30'N", "", "-91"]) | garbage,
    "place": st.sampled_from(["West", "Moon", "?"]) | garbage,
    "late": st.sampled_from(["Y", "N", "X", ""]) | garbage,
    "note": garbage,
}
ids = st.sampled_from(["7", "a-8", "", " ", "n/a", "x" * 201, "1.01003E+11"])
times = st.sampled_from(["2024-03-01 09:00:00", "2024-03-02", "yesterday", "", "2024-13-01", "0001-01-01"])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.fixed_dictionaries(secondary), identity=ids, opened=times)
def test_accepted_rows_are_those_with_a_readable_id_and_submission(
    city: SampleCity, values: dict[str, str], identity: str, opened: str
) -> None:
    fields = {"id": identity, "opened": opened, "due": "", "closed": "", "status": "open", **values}
    reader = RowReader(read_mapping(str(city.mapping)), HEADER.split(","))
    row = RawRow(2, "", [fields[column] for column in HEADER.split(",")])
    readable = identity in {"7", "a-8"} and opened.startswith(("2024-03-01", "2024-03-02"))
    try:
        report = reader.read(row)
    except Rejected:
        assert not readable
        assert [*reader.channels, *reader.categories, *reader.units] == []
    else:
        assert readable
        assert report.channel in reader.channels
        assert report.category in reader.categories
        assert (report.place == "located") == (report.lon is not None) == (report.lat is not None)

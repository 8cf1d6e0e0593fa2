"""Write a first mapping for a file."""

import re
from pathlib import Path

from reportdb.mapping.file_format import FileFormat
from reportdb.suggest.places import default_points, is_vietnamese, middle, point_hints, zone_of
from reportdb.suggest.roles import find_roles, plain
from reportdb.suggest.sample import Column, Sample, read_sample
from reportdb.suggest.time_lines import time_lines
from reportdb.suggest.toml_lines import in_rows, line, listed, quoted, shown
from reportdb.suggest.word_lines import word_lines

_NOTHING = frozenset(
    {"null", "n/a", "na", "none", "nan", "nil", "-", "--", "?", "#n/a", "(null)", "<null>", "undefined"}
)
_WHOLE_WITH_FRACTION = re.compile(r"\d+\.0")
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_MOST_NOTHING = 5
_MOST_UNREAD = 60
_RECUR = 4  # times
_LONGEST_WORD = 60  # characters
_GUESSED = ("channel", "category", "unit", "status", "severity")


def suggest(file: Path, name: str | None = None) -> str:
    """Return a mapping (TOML) for a city's file, with a comment on each guess. Raises ImportFailure.

    `name` is the city's; without one the file's name is taken.
    """
    sample = read_sample(file)
    roles = find_roles(sample)
    points = _points(sample, roles)
    vietnamese = is_vietnamese(" ".join((*sample.columns, *(" ".join(row) for row in sample.rows[:200]))))
    country, zone = _where(points, vietnamese)
    day_first = None if country is None else country not in {"US", "PH", "CA"}
    lines = [
        f"# A first mapping for {file.name!r}, guessed from {len(sample.rows):,} of its rows.",
        '# Read each line marked "check". What each key means is written in docs/import.md.',
        *([f"# {sample.broken:,} rows could not be read as they are written."] if sample.broken else []),
        "",
        *_city(file, name, country, zone),
        "",
        *_source(file, name, sample),
        "",
        *_columns(sample, roles),
        "",
        *time_lines(sample, roles, zone, day_first=day_first),
        "",
        *_location(points),
        *word_lines(sample, roles),
        *_areas(sample, roles),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _city(file: Path, name: str | None, country: str | None, zone: str) -> list[str]:
    called = name or plain_name(file)
    sure = None if name else "the file's name"
    return [
        "[city]",
        line("code", quoted(_code(called)), sure),
        line("name_vi", quoted(called), sure),
        line("name_en", quoted(called), sure),
        line("time_zone", quoted(zone), "the zone nearest to the points" if country else "no point tells it"),
        line("country", quoted(country or "VN"), "as the time zone"),
    ]


def plain_name(file: Path) -> str:
    """Return a file's name without its endings."""
    return file.name.split(".")[0].replace("_", " ").strip() or "city"


def _code(name: str) -> str:
    words = [plain(word) for word in re.split(r"[\W_]+", name)]
    return "_".join(word for word in words if word) or "city"


def _source(file: Path, name: str | None, sample: Sample) -> list[str]:
    called = _code(name or plain_name(file))
    written = sample.format
    usual = FileFormat("utf-8", ",")
    lines = ["[source]", line("name", quoted(called)), line("code_prefix", quoted(f"{called[:3].upper()}-"))]
    if written.kind != "csv":
        lines.append(line("format", quoted(str(written.kind))))
    else:
        lines.append(line("encoding", quoted(written.encoding), None if written.encoding == "utf-8" else "a guess"))
        if written.delimiter != usual.delimiter:
            lines.append(line("delimiter", quoted(written.delimiter)))
        if written.escape:
            lines.append(line("escape", quoted(written.escape), "quotes inside quotes are written so"))
    if written.header_line > 1:
        lines.append(line("header_line", str(written.header_line), "what stands above is skipped"))
    found = _nothing(sample)
    if found:
        lines.append(line("nothing", listed(found), "words that seem to mean no value"))
    return lines


def _nothing(sample: Sample) -> list[str]:
    found: dict[str, int] = {}
    for column in sample.columns.values():
        for word, often in column.words.items():
            if word.casefold() in _NOTHING:
                found[word] = found.get(word, 0) + often
    return sorted(found, key=lambda word: -found[word])[:_MOST_NOTHING]


def _columns(sample: Sample, roles: dict[str, str]) -> list[str]:
    lines = ["[columns]"]
    if "id" in roles:
        lines.append(line("id", quoted(roles["id"]), _id_check(sample, roles["id"])))
    else:
        lines.append('# check: no column holds another word in each row: id = "..."')
    for role in _GUESSED:
        if role in roles:
            words = sample.column(roles[role]).words
            lines.append(line(role, quoted(roles[role]), f"{_many(len(words))}, such as {_few(list(words))}"))
        elif role in {"category", "status"}:
            lines.append(f'# check: no column looks like a {role}: {role} = "..."')
    lines += [
        line(role, listed([roles[role]]), "more columns may be joined")
        for role in ("title", "text", "address")
        if role in roles
    ]
    lines += [_degree_line(sample, roles, role) for role in ("lon", "lat")]
    lines += [f"# check: {hint}" for hint in point_hints(sample, roles)]
    unread = [name for name, column in sample.columns.items() if name not in roles.values() and column.filled]
    lines += [f"# not read: {shown(name)}, {_about(sample.column(name))}" for name in unread[:_MOST_UNREAD]]
    return lines


def _degree_line(sample: Sample, roles: dict[str, str], role: str) -> str:
    if role not in roles:
        return f'# check: no column looks like a {role}: {role} = "..."'
    comma = any(_DECIMAL_COMMA.fullmatch(word) for word in sample.column(roles[role]).words)
    return line(role, quoted(roles[role]), "written with a decimal comma" if comma else None)


def _id_check(sample: Sample, name: str) -> str | None:
    column = sample.column(name)
    repeated = column.filled - len(column.words)
    if any(_SCIENTIFIC.fullmatch(word) for word in column.words):
        return "ids in scientific notation: the file went through a spreadsheet; fetch the original"
    if all(_WHOLE_WITH_FRACTION.fullmatch(word) for word in column.words):
        return "ids end in .0: the file went through a spreadsheet"
    if repeated:
        return f"{in_rows(repeated)} with an id that is there before"
    if column.filled < len(sample.rows):
        return f"blank in {in_rows(len(sample.rows) - column.filled)}"
    return None


def _points(sample: Sample, roles: dict[str, str]) -> list[tuple[float, float]]:
    if not {"lon", "lat"} <= roles.keys():
        return []
    names = list(sample.columns)
    lon, lat = names.index(roles["lon"]), names.index(roles["lat"])
    points = []
    for row in sample.rows:
        try:
            points.append((float(row[lon].replace(",", ".")), float(row[lat].replace(",", "."))))
        except ValueError:
            continue
    return points


def _where(points: list[tuple[float, float]], vietnamese: bool) -> tuple[str | None, str]:
    if vietnamese:
        return "VN", "Asia/Ho_Chi_Minh"
    centre = middle(points)
    return zone_of(*centre) if centre else (None, "Asia/Ho_Chi_Minh")


def _location(points: list[tuple[float, float]]) -> list[str]:
    found = default_points(points)
    if not found:
        return []
    shared = ", ".join(f"{{ lon = {lon}, lat = {lat} }}" for (lon, lat), _ in found)
    often = ", ".join(f"{often:,}" for _, often in found)
    return [
        '# Points that very many reports share; a default point means "not located".',
        "[location]",
        line("nowhere", f"[{shared}]", f"{often} reports; remove a point that is a place"),
        "tolerance = 0.00001",
        "",
    ]


def _areas(sample: Sample, roles: dict[str, str]) -> list[str]:
    lines = []
    for role in ("district", "ward"):
        if role not in roles:
            continue
        words = list(sample.column(roles[role]).words)
        lines += [
            f"[published.{role}]",
            line("column", quoted(roles[role]), f"the source's own, such as {_few(words)}"),
        ]
        if words and all(_WHOLE_WITH_FRACTION.fullmatch(word) for word in words):
            lines += [line("pattern", r"'(\d+)\.0'"), line("written", r"'\1'")]
        lines.append("")
    lines.append("# Boundary files are named in [[boundaries]]: level, file, code, name.")
    return lines


def _about(column: Column) -> str:
    """Describe a column that is not read; its words are shown only if they recur, for others may be a citizen's."""
    words = list(column.words)
    recur = _RECUR * len(words) <= column.filled and all(len(word) <= _LONGEST_WORD for word in words)
    return f"such as {_few(words)}" if recur else _many(len(words))


def _many(number: int) -> str:
    return "one word" if number == 1 else f"{number:,} different words"


def _few(words: list[str]) -> str:
    return ", ".join(shown(word) for word in words[:3])

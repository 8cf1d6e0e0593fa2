"""Reads a mapping file (TOML) into a Mapping. docs/import.md describes its keys."""

from pathlib import Path

from reportdb.mapping.acceptance import read_acceptance
from reportdb.mapping.city import read_city, read_level_names, read_working_hours
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.file_format import read_file_format
from reportdb.mapping.identity import read_identity
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.moments import read_moment, read_moments
from reportdb.mapping.places import read_layer, read_location, read_published_area
from reportdb.mapping.ratings import read_rated
from reportdb.mapping.states import read_state_rules
from reportdb.mapping.table import Table
from reportdb.mapping.words import SEVERITIES, STATUSES, UNKNOWN, read_meanings, read_vocabulary
from reportdb.spelling import one_spelling

SHIPPED = Path(__file__).parent / "shipped"


def read_mapping(name: str) -> Mapping:
    """Read a mapping file by path, or a shipped one by name. Raises ImportFailure."""
    shipped = {file.stem: file for file in SHIPPED.glob("*.toml")}
    try:
        table = Table.read(shipped.get(name, Path(name)), name)
    except OSError as error:
        raise ImportFailure(
            f"The mapping {name!r} cannot be read: {error.strerror}. "
            f"Name a TOML file, or one of ours: {', '.join(sorted(shipped))}."
        ) from error
    base = table.optional("extends")
    if base is not None:
        if base not in shipped:
            table.refuse("extends", f"must name one of ours: {', '.join(sorted(shipped))}, not {base!r}")
        table = table.over(Table.read(shipped[base], base))
    mapping = _mapping(table)
    table.refuse_the_rest()
    for column in mapping.file_format.also_named.keys() - set(mapping.columns()):
        table.table("source").table("also_named").refuse(column, "is no column that the mapping reads")
    return mapping


def _mapping(table: Table) -> Mapping:
    source, columns, times = table.table("source"), table.table("columns"), table.table("times")
    published = table.table("published")
    late = published.table("late")
    channel, channels = columns.optional("channel"), read_vocabulary(table.table("channels"), UNKNOWN)
    if channel is None and channels.blank is None:
        columns.refuse("channel", "is missing; without that column, channels.blank is the channel of all reports")
    ignore_zone = times.choice("offset", ("keep", "ignore"), "keep") == "ignore"
    ended, status = read_moments(times, "ended", ignore_zone=ignore_zone), columns.texts("status")
    if not status and not ended:
        columns.refuse("status", "is missing; without that column, times.ended tells which reports are closed")
    state = read_state_rules(table.table("state"))
    if state.end_is_change and "changed" not in times:
        times.refuse("changed", "is missing, yet state.closed_without_time names it")
    return Mapping(
        city=read_city(table.table("city")),
        level_names=read_level_names(table.table("levels")),
        working_hours=read_working_hours(table.table("working_hours")) if "working_hours" in table else None,
        source=source.text("name"),
        code_prefix=source.text("code_prefix"),
        file_format=read_file_format(source),
        nothing=frozenset(one_spelling(word) for word in source.list("nothing")),
        id=read_identity(columns),
        title=columns.list("title") or (columns.text("category"),),
        text=columns.list("text"),
        address=columns.list("address"),
        officer=columns.optional("officer"),
        location=read_location(columns, table.table("location")),
        submitted=read_moment(times.table("submitted"), ignore_zone=ignore_zone),
        received=read_moment(times.table("received"), ignore_zone=ignore_zone) if "received" in times else None,
        due=read_moment(times.table("due"), end_of_day=True, ignore_zone=ignore_zone) if "due" in times else None,
        ended=ended,
        early_end_is_submission=times.choice("early_end", ("unknown", "submission"), "unknown") == "submission",
        status=status,
        statuses=read_meanings(table.table("statuses"), STATUSES),
        severity=columns.optional("severity"),
        severities=read_meanings(table.table("severities"), SEVERITIES),
        channel=channel,
        channels=channels,
        category=columns.text("category"),
        categories=read_vocabulary(table.table("categories"), UNKNOWN),
        unit=columns.optional("unit"),
        units=read_vocabulary(table.table("units")),
        late=late.text("column") if "late" in published else None,
        late_words={one_spelling(word): said == "late" for said in ("late", "in_time") for word in late.list(said)},
        district=read_published_area(published.table("district")) if "district" in published else None,
        ward=read_published_area(published.table("ward")) if "ward" in published else None,
        changed=read_moment(times.table("changed"), end_of_day=True, ignore_zone=ignore_zone)
        if "changed" in times
        else None,
        reopen_count=columns.optional("reopen_count"),
        state=state,
        layers=tuple(read_layer(layer) for layer in table.tables("boundaries")),
        acceptance=read_acceptance(source),
        rated=read_rated(columns, times, table.table("ratings")),
    )

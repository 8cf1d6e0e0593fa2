"""The lines for a city's words: statuses, severities, channels, categories, units and its late flag."""

from collections import Counter

from reportdb.suggest.meanings import CHANNELS, channel_of, late_meaning, severity_meaning, status_meaning
from reportdb.suggest.sample import Sample
from reportdb.suggest.toml_lines import in_rows, line, listed, quoted, shown

_MOST_SHOWN = 40
_OTHER = '{ code = "other", vi = "Khác", en = "Other" }'


def word_lines(sample: Sample, roles: dict[str, str]) -> list[str]:
    """Return the lines from `[statuses]` to `[published.late]`."""
    lines = _statuses(sample, roles)
    if "severity" in roles:
        words = _counted(sample, roles["severity"])
        lines += ["[severities]", *(line(quoted(word), quoted(severity_meaning(word)), f"{in_rows(often)}")
                                    for word, often in words.most_common()), ""]  # fmt: skip
    return [*lines, *_channels(sample, roles), *_added(sample, roles), *_late(sample, roles)]


def _counted(sample: Sample, name: str) -> Counter[str]:
    """Return a column's words with their counts, those of the rows after the sample too."""
    column = sample.column(name)
    return column.words + column.beyond


def _statuses(sample: Sample, roles: dict[str, str]) -> list[str]:
    if "status" not in roles:
        return ["[statuses]", ""]
    names = list(sample.columns)
    place = names.index(roles["status"])
    end = names.index(roles["ended"]) if "ended" in roles else None
    rows, closed = Counter[str](), Counter[str]()
    for row in sample.rows:
        word = row[place].strip()
        rows[word] += 1
        closed[word] += end is not None and bool(row[end].strip())
    lines = ["[statuses]"]
    for word, often in _counted(sample, roles["status"]).most_common():
        ended = closed[word] / rows[word] if rows[word] else 0.0
        meaning = status_meaning(word)
        said = f"{in_rows(often)}, {ended:.0%} with a closing time"
        if meaning is None:
            meaning = "resolved" if ended > 0.5 else "waiting"
            said += "; the word is unknown, guessed by its closing times"
        elif end is not None and (meaning in {"resolved", "refused"}) != (ended > 0.5):
            said += "; the closing times say otherwise"
        lines.append(line(quoted(word), quoted(meaning), said))
    if rows[""]:
        lines.append(f"# check: {in_rows(rows[''])} without a status.")
    return [*lines, ""]


def _channels(sample: Sample, roles: dict[str, str]) -> list[str]:
    if "channel" not in roles:
        return ["# No column tells how a report came in.", "[channels]", 'blank = "other"', f"known = [{_OTHER}]", ""]
    counted = _counted(sample, roles["channel"])
    meant: dict[str, list[str]] = {}
    for word, _ in counted.most_common():
        if code := channel_of(word):
            meant.setdefault(code, []).append(word)
    lines = ["[channels]", 'unlisted = "add"', 'blank = "other"', "known = ["]
    for code, vi, en, _ in CHANNELS:
        if code in meant:
            rows = sum(counted[word] for word in meant[code])
            lines.append(
                f"    {{ code = {quoted(code)}, vi = {quoted(vi)}, en = {quoted(en)}, words = {listed(meant[code])} }},"
                f"  # check: {in_rows(rows)}"
            )
    known = {word for words in meant.values() for word in words}
    rest = [f"#   {shown(word)}: {in_rows(often)}" for word, often in counted.most_common() if word not in known]
    return [*lines, f"    {_OTHER},", "]", *_listed("Added under their own names", rest), ""]


def _added(sample: Sample, roles: dict[str, str]) -> list[str]:
    lines = ["[categories]", 'unlisted = "add"']
    if "category" in roles and sample.column(roles["category"]).filled < len(sample.rows):
        blank = len(sample.rows) - sample.column(roles["category"]).filled
        lines += [line("blank", '"other"', f"{in_rows(blank)} without one"), f"known = [{_OTHER}]"]
    lines.append("")
    if "unit" in roles:
        words = [
            f"#   {shown(word)}: {in_rows(often)}" for word, often in _counted(sample, roles["unit"]).most_common()
        ]
        lines += ["[units]", 'unlisted = "add"', *_listed("Several words for one unit belong into known", words), ""]
    return lines


def _listed(title: str, words: list[str]) -> list[str]:
    if not words:
        return []
    more = [f"#   and {len(words) - _MOST_SHOWN:,} more"] if len(words) > _MOST_SHOWN else []
    return [f"# {title}:", *words[:_MOST_SHOWN], *more]


def _late(sample: Sample, roles: dict[str, str]) -> list[str]:
    if "late" not in roles:
        return []
    column = roles["late"]
    counted = _counted(sample, column)
    meanings = {word: late_meaning(column, word) for word in counted}
    late = [word for word, meaning in meanings.items() if meaning is True]
    in_time = [word for word, meaning in meanings.items() if meaning is False]
    if not late and not in_time:
        return []
    rows = ", ".join(f"{shown(word)} {counted[word]:,}" for word in counted)
    lines = ["# The city's own flag.", "[published.late]", line("column", quoted(column), rows)]
    lines += [line("late", listed(late)), line("in_time", listed(in_time))]
    unknown = [word for word, meaning in meanings.items() if meaning is None]
    if unknown:
        lines.append(f"# check: not understood: {', '.join(shown(word) for word in unknown)}")
    return [*lines, ""]

"""Reports as rows of the database, written by the demo and the simulation."""

import numpy as np
import psycopg
from numpy.typing import NDArray

from reportdb.deadlines.rules import SEVERITIES
from reportdb.demo.intake import Cases, Intake, pick, subjects
from reportdb.demo.states import REFUSED, RESOLVED, STATUSES, Events, Past, States
from reportdb.demo.steps import KINDS, RATINGS
from reportdb.demo_city.city import City
from reportdb.demo_city.draws import Draws
from reportdb.demo_city.rhythm import CLOCK
from reportdb.demo_city.seed_data import facts
from reportdb.demo_city.store import copy_columns

Ints = NDArray[np.int64]
Words = NDArray[np.object_]
Columns = dict[str, NDArray[np.generic]]

_DESKS = (
    "Hạ tầng đô thị",
    "Môi trường",
    "Trật tự đô thị",
    "Địa chính – Xây dựng",
    "Văn hóa – Xã hội",
    "An ninh",
    "Một cửa",
)
_OFFICERS_PER_DESK = 6
_WITHOUT_TEXT, _WITHOUT_TEXT_THERE, _ONE_UNIT_IN = 0.01, 0.15, 12  # the part answered without a text; where more are


def public_codes(submitted_at: NDArray[np.datetime64], sequence: dict[str, int]) -> Words:
    """Return the public codes of reports in order of time, continuing each month's sequence."""
    months = (submitted_at + CLOCK).astype("datetime64[M]")
    codes: list[str] = []
    for month, count in zip(*np.unique(months, return_counts=True), strict=True):
        prefix = f"HN-{str(month)[2:4]}{str(month)[5:7]}"
        start = sequence.get(prefix, 0)
        codes += [f"{prefix}-{n:06d}" for n in range(start + 1, start + count + 1)]
        sequence[prefix] = start + int(count)
    return np.array(codes, dtype=object)


def officers(city: City, cases: Cases, states: States) -> Words:
    """Return the officer of each report in the unit that holds it: a role, no person; None if nobody holds it."""
    names = np.array(
        [[f"Chuyên viên {n + 1:02d} – {desk}" for n in range(_OFFICERS_PER_DESK)] for desk in _DESKS], dtype=object
    )
    desk = np.array([_DESKS.index(each["desk"]) for each in city.categories])[states.category]
    chosen: Words = names[desk, (states.unit * 7 + cases.id % 3 + states.category) % _OFFICERS_PER_DESK]
    chosen[states.unit == 0] = None
    return chosen


def answers(city: City, cases: Cases, states: States) -> Words:
    """Return each report's last answer; None if there is none yet, or if the unit kept none."""
    draws = Draws(cases.id, cases.submitted_at)
    words = facts("words")
    *_, done = subjects(city, cases)
    thanks = pick([words["thanks"]], np.zeros_like(cases.id), draws.uniform())
    refusal = pick([words["refusals"]], np.zeros_like(cases.id), draws.uniform())
    silent = draws.uniform() < np.where(states.unit % _ONE_UNIT_IN == 0, _WITHOUT_TEXT_THERE, _WITHOUT_TEXT)
    answered = ((states.status == RESOLVED) | (states.reopen_count > 0)) & ~silent
    answer: Words = np.full(len(cases.id), None, dtype=object)
    answer[answered] = (done + " " + thanks)[answered]
    answer[states.status == REFUSED] = refusal[states.status == REFUSED]
    return answer


def write_intake(
    connection: psycopg.Connection,
    city: City,
    intake: Intake,
    states: States,
    sequence: dict[str, int],
    *,
    table: str = "report",
    frozen: bool = False,
) -> None:
    """Write new reports in their present state into `table`, and their contacts in a separate one.

    `frozen` here and below: see `copy_columns`. Another table than `report` is not frozen.
    """
    cases = intake.cases
    answer = answers(city, cases, states)
    resolved_without_text = (states.status == RESOLVED) & ~answer.astype(bool)
    fixed: Columns = {
        "public_code": public_codes(cases.submitted_at, sequence),
        "lon": intake.lon,
        "lat": intake.lat,
        "address": intake.address,
        "title": intake.title,
        "text": intake.text,
        "officer": officers(city, cases, states),
        "answer": answer,
        "updated_at": states.updated_at,
        "deadline_moved_at": states.deadline_moved_at,
        "reopened_soon_at": states.reopened_soon_at,
        "resolved_without_text_at": np.where(resolved_without_text, states.ended_at, np.datetime64("NaT")),
    }
    rows = _version(city, cases, states, intake.channel, intake.district_id)
    copy_columns(connection, table, {"id": cases.id} | rows | fixed, frozen=frozen and table == "report")
    citizens: Columns = {"report_id": cases.id, "name": intake.name, "phone": intake.phone}
    copy_columns(connection, "report_contact", citizens, frozen=frozen)


def write_events(
    connection: psycopg.Connection, cases: Cases, states: States, events: Events, *, frozen: bool = False
) -> None:
    """Write what happened to reports; `states` is what they are now."""
    kinds = np.array(KINDS, dtype=object)
    notes = np.array([facts("words")["notes"].get(kind) for kind in KINDS], dtype=object)
    copy_columns(
        connection,
        "report_event",
        {
            "report_id": cases.id[events.row],
            "n": events.n,
            "at": events.at,
            "kind": kinds[events.kind],
            "from_unit_id": _known(events.from_unit),
            "to_unit_id": _known(events.to_unit),
            "note": notes[events.kind],
            "minutes": _known(events.minutes),
        }
        | _holder(states, events.row),
        frozen=frozen,
    )


def write_past(
    connection: psycopg.Connection,
    city: City,
    cases: Cases,
    states: States,
    channel: Ints,
    district_id: Ints,
    past: list[Past],
    *,
    frozen: bool = False,
) -> None:
    """Write the reports' past versions; `states` is what they are now, and `channel` holds indexes into the city's
    channels.
    """
    for each in past:
        own = Cases(**{name: column[each.row] for name, column in vars(cases).items()})
        rows = _version(city, own, each.state, channel[each.row], district_id[each.row])
        bounds: Columns = {"report_id": own.id, "valid_from": each.state.since, "valid_to": each.until}
        copy_columns(connection, "report_past", bounds | rows | _holder(states, each.row), frozen=frozen)


def _holder(states: States, row: Ints) -> Columns:
    """Return who holds the reports of some rows now, and who handed them up."""
    return {"now_unit_id": _known(states.unit)[row], "now_escalated_by_id": _known(states.escalated_by)[row]}


def _version(city: City, cases: Cases, states: States, channel: Ints, district_id: Ints) -> Columns:
    """Return the columns that a report and its past versions share."""
    return {
        "channel_id": city.channel_ids[channel],
        "category_id": city.category_ids[states.category],
        "severity": np.array(SEVERITIES, dtype=object)[states.severity],
        "district_id": _known(district_id),
        "ward_id": _known(cases.ward_id),
        "unit_id": _known(states.unit),
        "submitted_at": cases.submitted_at,
        "received_at": states.received_at,
        "receive_due_at": states.terms.receive_due_at,
        "due_at": states.terms.due_at,
        "rule_id": _known(city.rules.ids[states.terms.rule]),
        "status": np.array(STATUSES, dtype=object)[states.status],
        "escalated_at": states.escalated_at,
        "escalated_by_id": _known(states.escalated_by),
        "ended_at": states.ended_at,
        "worked_minutes": _whole(np.ceil(city.working_time.between(cases.submitted_at, states.ended_at))),
        "rating": np.array([*RATINGS, None], dtype=object)[states.rating],
        "rated_at": states.rated_at,
        "reopen_count": states.reopen_count,
        "transfer_count": states.transfer_count,
    }


def _known(ids: Ints) -> NDArray[np.generic]:
    masked: NDArray[np.generic] = np.ma.masked_equal(ids, 0)
    return masked


def _whole(numbers: NDArray[np.float64]) -> NDArray[np.generic]:
    unknown = np.isnan(numbers)
    return np.ma.masked_array(np.where(unknown, 0, numbers).astype(np.int64), unknown)

"""The figures of what came in, what ended, what fell due and what was rated in the period."""

from functools import partial

from queries.registry.figure import N_, Figure

_received = partial(Figure, kind="period")
_ended = partial(Figure, kind="period", ordered_by="open_until")
_fell_due = partial(Figure, kind="period", ordered_by="due_at")
_to_be_received = partial(Figure, kind="period", ordered_by="receive_due_at")
_rated = partial(Figure, kind="period", ordered_by="rated_at")

ARRIVALS = (
    Figure(
        "submitted",
        N_("All reports"),
        N_("submitted by the moment, open or not, in the period or before it"),
        kind="all_time",
    ),
    _received(
        "received",
        N_("Received"),
        N_("submitted in the period"),
        tables=("figures", "period"),
        heading=N_("In"),
    ),
    _received(
        "received_off_map",
        N_("Received, not located"),
        N_("received in the period, without coordinates"),
        tables=("period",),
        within=("received",),
    ),
    _received(
        "received_on_map",
        N_("Received, on the map"),
        N_("received in the period, with coordinates"),
        sum_of=("received",),
        less=("received_off_map",),
    ),
)

PERIOD_FIGURES = (
    _to_be_received(
        "receive_fell_due",
        N_("Due to be taken on"),
        N_("to be taken on by a unit by a time in the period and before the moment, whether it was or not"),
        tables=("figures", "period"),
    ),
    _to_be_received(
        "received_on_time",
        N_("Taken on in time"),
        N_("of those to be taken on, taken on by that time"),
        tables=("figures", "period"),
        within=("receive_fell_due",),
    ),
    _ended(
        "resolved_last_hour",
        N_("Resolved in the last hour"),
        N_("resolved in the period, by its deadline and less than an hour before it"),
        signal_of="resolved_with_deadline",
        clock="handle",
    ),
    _ended(
        "resolved_on_time",
        N_("Resolved on time"),
        N_("resolved in the period, by its deadline"),
        tables=("figures", "period"),
    ),
    _ended(
        "resolved_late",
        N_("Resolved late"),
        N_("resolved in the period, after its deadline"),
        tables=("figures", "period"),
    ),
    _ended(
        "resolved_no_deadline",
        N_("Resolved, no deadline known"),
        N_("resolved in the period, with no deadline known"),
        tables=("figures", "period"),
    ),
    _ended(
        "resolved_time_unknown",
        N_("Resolved, closing time unknown"),
        N_("resolved, and the source does not say when; counted on the day of the last update, else of the submission"),
        tables=("figures", "period"),
        left_out=N_("These are in no handling time and in no on-time rate: neither on time nor late."),
    ),
    _ended(
        "refused",
        N_("Refused"),
        N_("refused in the period"),
        tables=("figures", "period"),
        signal_of="ended",
    ),
    _ended(
        "resolved",
        N_("Resolved"),
        N_("resolved in the period"),
        sum_of=("resolved_on_time", "resolved_late", "resolved_no_deadline", "resolved_time_unknown"),
    ),
    _ended(
        "resolved_with_deadline",
        N_("Resolved, with a deadline"),
        N_("resolved in the period, with a deadline known"),
        sum_of=("resolved_on_time", "resolved_late"),
    ),
    _ended(
        "ended",
        N_("Resolved or refused"),
        N_("resolved or refused in the period"),
        sum_of=("resolved_on_time", "resolved_late", "resolved_no_deadline", "resolved_time_unknown", "refused"),
        heading=N_("Out"),
    ),
    _fell_due(
        "fell_due",
        N_("Fell due"),
        N_(
            "fell due in the period and before the moment, whether done or not; without those refused by their deadline"
        ),
        tables=("figures", "period"),
    ),
    _fell_due(
        "done_by_due",
        N_("Done by the deadline"),
        N_("of those that fell due, resolved by their deadline"),
        tables=("figures", "period"),
        within=("fell_due",),
    ),
    _received(
        "reopened",
        N_("Reopened"),
        N_("received in the period, and opened again after an answer"),
        tables=("period",),
        within=("received",),
    ),
    _received(
        "reopened_soon",
        N_("Reopened within 7 days"),
        N_("received in the period, and opened again within 7 days of an answer or a refusal"),
        signal_of="received",
    ),
    _received(
        "deadline_moved",
        N_("Deadline moved by a new category"),
        N_("received in the period, and given a later deadline by a change of its category or severity"),
        signal_of="received",
    ),
    _ended(
        "resolved_without_words",
        N_("Resolved without a text"),
        N_("resolved in the period, and no answer text is kept"),
        signal_of="resolved",
    ),
    _rated(
        "rated",
        N_("Rated"),
        N_("rated by the citizen in the period"),
        tables=("figures",),
        sum_of=("rated_satisfied", "rated_acceptable", "rated_not_satisfied"),
    ),
    _rated(
        "satisfied",
        N_("Satisfied or acceptable"),
        N_("rated satisfied or acceptable in the period"),
        tables=("figures",),
        sum_of=("rated_satisfied", "rated_acceptable"),
    ),
    _rated(
        "rated_satisfied",
        N_("Rated satisfied"),
        N_("rated satisfied in the period"),
        tables=("period",),
    ),
    _rated(
        "rated_acceptable",
        N_("Rated acceptable"),
        N_("rated acceptable in the period"),
        tables=("period",),
    ),
    _rated(
        "rated_not_satisfied",
        N_("Rated not satisfied"),
        N_("rated not satisfied in the period"),
        tables=("period",),
    ),
)

"""What each figure is called and what it counts, in the viewer's language: the sentences of queries/definitions.sql."""

from ui.words import _


def figure_name(figure: str) -> str:
    """Return what a figure is called. Raises KeyError for one without a name."""
    return {
        "submitted": _("All reports"),
        "received": _("Received"),
        "open": _("Open"),
        "overdue": _("Overdue"),
        "seriously_overdue": _("Seriously overdue"),
        "due_soon": _("Due soon"),
        "due_today": _("Due today"),
        "no_deadline": _("No deadline known"),
        "resolved_on_time": _("Resolved on time"),
        "resolved_late": _("Resolved late"),
        "resolved_no_deadline": _("Resolved, no deadline known"),
        "refused": _("Refused"),
        "fell_due": _("Fell due"),
        "done_by_due": _("Done by the deadline"),
        "rated": _("Rated"),
        "satisfied": _("Satisfied or acceptable"),
        "in_time": _("In time"),
        "age_under_3": _("Open less than 3 days"),
        "age_3_to_7": _("Open 3 to 7 days"),
        "age_7_to_14": _("Open 7 to 14 days"),
        "age_14_to_30": _("Open 14 to 30 days"),
        "age_over_30": _("Open 30 days or more"),
        "waiting": _("Waiting"),
        "in_progress": _("In progress"),
        "escalated": _("Escalated"),
        "ended": _("Resolved or refused"),
        "resolved": _("Resolved"),
        "reopened": _("Reopened"),
        "rated_satisfied": _("Rated satisfied"),
        "rated_acceptable": _("Rated acceptable"),
        "rated_not_satisfied": _("Rated not satisfied"),
        "open_on_map": _("Open, on the map"),
        "open_off_map": _("Open, not located"),
        "received_on_map": _("Received, on the map"),
        "received_off_map": _("Received, not located"),
    }[figure]


def meaning(figure: str) -> str:
    """Return the sentence that says what a figure counts. Raises KeyError for one without a sentence."""
    return {
        "submitted": _("submitted by the moment, open or not, in the period or before it"),
        "received": _("submitted in the period"),
        "open": _("neither resolved nor refused by the moment"),
        "overdue": _("open, and due before the moment"),
        "seriously_overdue": _("overdue, and open for more than three times its term"),
        "due_soon": _("open, not overdue, due before the end of the next working day"),
        "due_today": _("open, not overdue, due before the city's day ends; counted among those due soon too"),
        "no_deadline": _("open, with no deadline known; never counted as on time"),
        "resolved_on_time": _("resolved in the period, by its deadline"),
        "resolved_late": _("resolved in the period, after its deadline"),
        "resolved_no_deadline": _("resolved in the period, with no deadline known"),
        "refused": _("refused in the period"),
        "fell_due": _(
            "fell due in the period and before the moment, whether done or not; without those refused by their deadline"
        ),
        "done_by_due": _("of those that fell due, resolved by their deadline"),
        "rated": _("rated by the citizen in the period"),
        "satisfied": _("rated satisfied or acceptable in the period"),
        "in_time": _("open, with a deadline that has not passed"),
        "age_under_3": _("open, submitted less than 3 days (of 24 hours) before the moment"),
        "age_3_to_7": _("open, submitted 3 to less than 7 days before the moment"),
        "age_7_to_14": _("open, submitted 7 to less than 14 days before the moment"),
        "age_14_to_30": _("open, submitted 14 to less than 30 days before the moment"),
        "age_over_30": _("open, submitted 30 days or more before the moment"),
        "waiting": _("open, not yet taken on by a unit, not escalated"),
        "in_progress": _("open, taken on by a unit, not escalated"),
        "escalated": _("open, and beyond the unit's authority: handed up to the city or a ministry"),
        "ended": _("resolved or refused in the period"),
        "resolved": _("resolved in the period"),
        "reopened": _("received in the period, and opened again after an answer"),
        "rated_satisfied": _("rated satisfied in the period"),
        "rated_acceptable": _("rated acceptable in the period"),
        "rated_not_satisfied": _("rated not satisfied in the period"),
        "open_on_map": _("open, with coordinates"),
        "open_off_map": _("open, without coordinates"),
        "received_on_map": _("received in the period, with coordinates"),
        "received_off_map": _("received in the period, without coordinates"),
    }[figure]

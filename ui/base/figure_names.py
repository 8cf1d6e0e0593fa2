"""Each figure's name and meaning in the viewer's language: the sentences of queries/engine/definitions.sql."""

from ui.base.i18n import _


def figure_name(figure: str) -> str:
    """Return a figure's name. Raises KeyError for a figure without one."""
    return {
        "submitted": _("All reports"),
        "received": _("Received"),
        "open": _("Open"),
        "overdue": _("Overdue"),
        "seriously_overdue": _("Seriously overdue"),
        "due_soon": _("Due soon"),
        "due_today": _("Due today"),
        "no_deadline": _("No deadline known"),
        "not_received": _("Not yet taken on"),
        "receive_waiting": _("To be taken on, in time"),
        "receive_overdue": _("Not taken on in time"),
        "receive_fell_due": _("Due to be taken on"),
        "received_on_time": _("Taken on in time"),
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
        "escalated_unheld": _("Escalated, held by nobody"),
        "with_higher": _("With a higher level"),
        "urgent": _("Urgent"),
        "urgent_overdue": _("Urgent and overdue"),
        "new_here": _("New, not yet taken on"),
        "by_transfer": _("Came by transfer"),
        "sent_back": _("Sent back"),
        "reopened_open": _("Open again after an answer"),
        "ended": _("Resolved or refused"),
        "resolved": _("Resolved"),
        "resolved_with_deadline": _("Resolved, with a deadline"),
        "resolved_last_hour": _("Resolved in the last hour"),
        "resolved_without_words": _("Resolved without a text"),
        "reopened": _("Reopened"),
        "reopened_soon": _("Reopened within 7 days"),
        "deadline_moved": _("Deadline moved by a new category"),
        "rated_satisfied": _("Rated satisfied"),
        "rated_acceptable": _("Rated acceptable"),
        "rated_not_satisfied": _("Rated not satisfied"),
        "open_on_map": _("Open, on the map"),
        "open_off_map": _("Open, not located"),
        "received_on_map": _("Received, on the map"),
        "received_off_map": _("Received, not located"),
        "published": _("Published by the city"),
        "published_late": _("Late by the city's flag"),
        "published_in_time": _("In time by the city's flag"),
        "published_unsaid": _("Without a flag of the city"),
        "ours_late": _("Published by the city, late by our deadline"),
        "ours_in_time": _("Published by the city, in time by our deadline"),
        "ours_no_deadline": _("Published by the city, no deadline known"),
        "published_late_ours_late": _("Late by the city's flag and by our deadline"),
        "published_late_ours_in_time": _("Late by the city's flag, in time by our deadline"),
        "published_late_ours_no_deadline": _("Late by the city's flag, no deadline known"),
        "published_in_time_ours_late": _("In time by the city's flag, late by our deadline"),
        "published_in_time_ours_in_time": _("In time by the city's flag and by our deadline"),
        "published_in_time_ours_no_deadline": _("In time by the city's flag, no deadline known"),
        "published_unsaid_ours_late": _("Without a flag of the city, late by our deadline"),
        "published_unsaid_ours_in_time": _("Without a flag of the city, in time by our deadline"),
        "published_unsaid_ours_no_deadline": _("Without a flag of the city, no deadline known"),
        "published_status": _("Of one status in the city's own words"),
        "published_district": _("Of one district in the city's own words"),
        "published_ward": _("Of one ward in the city's own words"),
    }[figure]


def meaning(figure: str) -> str:
    """Return the sentence that defines a figure. Raises KeyError for a figure without one."""
    return {
        "submitted": _("submitted by the moment, open or not, in the period or before it"),
        "received": _("submitted in the period"),
        "open": _("neither resolved nor refused by the moment"),
        "overdue": _("open, and due before the moment"),
        "seriously_overdue": _("overdue, and open for more than three times its term"),
        "due_soon": _("open, not overdue, due before the end of the next working day"),
        "due_today": _("open, not overdue, due before the city's day ends; counted among those due soon too"),
        "no_deadline": _("open, with no deadline known or with its clock stopped; never counted as on time"),
        "not_received": _("open, and not yet taken on by a unit"),
        "receive_waiting": _("open, not yet taken on by a unit, and the term for that has not passed"),
        "receive_overdue": _("open, not yet taken on by a unit, and the term for that has passed"),
        "receive_fell_due": _(
            "to be taken on by a unit by a time in the period and before the moment, whether it was or not"
        ),
        "received_on_time": _("of those to be taken on, taken on by that time"),
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
        "escalated": _("open, and handed up to a higher level: beyond the authority of the unit that had it"),
        "escalated_unheld": _("escalated, and nobody holds it"),
        "with_higher": _("escalated, and counted for the unit that handed it up, not for its holder"),
        "urgent": _("open, and urgent"),
        "urgent_overdue": _("overdue, and urgent"),
        "new_here": _("open, not yet taken on, and the first unit's to take on"),
        "by_transfer": _("open, not yet taken on, and passed on by another unit"),
        "sent_back": _("open, and held by a unit that had it before and had given it to another"),
        "ended": _("resolved or refused in the period"),
        "resolved": _("resolved in the period"),
        "resolved_with_deadline": _("resolved in the period, with a deadline known"),
        "resolved_last_hour": _("resolved in the period, by its deadline and less than an hour before it"),
        "resolved_without_words": _("resolved in the period, and no answer text is kept"),
        "reopened_open": _("open, and opened again after an answer"),
        "reopened": _("received in the period, and opened again after an answer"),
        "reopened_soon": _("received in the period, and opened again within 7 days of an answer or a refusal"),
        "deadline_moved": _(
            "received in the period, and given a later deadline by a change of its category or severity"
        ),
        "rated_satisfied": _("rated satisfied in the period"),
        "rated_acceptable": _("rated acceptable in the period"),
        "rated_not_satisfied": _("rated not satisfied in the period"),
        "open_on_map": _("open, with coordinates"),
        "open_off_map": _("open, without coordinates"),
        "received_on_map": _("received in the period, with coordinates"),
        "received_off_map": _("received in the period, without coordinates"),
        "published": _("received in the period, and among those the city itself published"),
        "published_late": _("received in the period and published by the city; late by the city's own flag"),
        "published_in_time": _("received in the period and published by the city; in time by the city's own flag"),
        "published_unsaid": _("received in the period and published by the city; the city gave no flag"),
        "ours_late": _("received in the period and published by the city; ended after its deadline, or open past it"),
        "ours_in_time": _("received in the period and published by the city; ended by its deadline, or open before it"),
        "ours_no_deadline": _("received in the period and published by the city; no deadline known"),
        "published_late_ours_late": _(
            "received in the period; late by the city's own flag; ended after its deadline, or open past it"
        ),
        "published_late_ours_in_time": _(
            "received in the period; late by the city's own flag; ended by its deadline, or open before it"
        ),
        "published_late_ours_no_deadline": _("received in the period; late by the city's own flag; no deadline known"),
        "published_in_time_ours_late": _(
            "received in the period; in time by the city's own flag; ended after its deadline, or open past it"
        ),
        "published_in_time_ours_in_time": _(
            "received in the period; in time by the city's own flag; ended by its deadline, or open before it"
        ),
        "published_in_time_ours_no_deadline": _(
            "received in the period; in time by the city's own flag; no deadline known"
        ),
        "published_unsaid_ours_late": _(
            "received in the period; the city gave no flag; ended after its deadline, or open past it"
        ),
        "published_unsaid_ours_in_time": _(
            "received in the period; the city gave no flag; ended by its deadline, or open before it"
        ),
        "published_unsaid_ours_no_deadline": _("received in the period; the city gave no flag; no deadline known"),
        "published_status": _("received in the period, and of this status in the city's own words"),
        "published_district": _("received in the period, and of this district in the city's own words"),
        "published_ward": _("received in the period, and of this ward in the city's own words"),
    }[figure]


def rate_name(rate: str) -> str:
    """Return the name of a share in queries.figures.RATES or of a signal's share. Raises KeyError."""
    return {
        "overdue_share": _("Overdue share"),
        "on_time_rate": _("On-time rate"),
        "receive_overdue_share": _("Not taken on in time"),
        "received_on_time_rate": _("Taken on in time"),
        "closed_on_time_share": _("Closed on time"),
        "refused_share": _("Refusal rate"),
        "satisfaction": _("Satisfaction"),
    }[rate]


def left_out(measure: str) -> str:
    """Return what a figure, rate or time leaves out and why; empty if nothing needs saying."""
    return {
        "open": _("Nothing: overdue and escalated reports are open too."),
        "overdue": _("Reports without a deadline: they cannot be called late."),
        "seriously_overdue": _("Reports without a deadline. The term runs from submission to the deadline."),
        "no_deadline": _("Counted separately, so that a missing deadline never counts as met."),
        "due_soon": _("What is overdue already. What falls due today is counted here and under “Due today”."),
        "receive_overdue_share": _(
            "Reports whose source gives no term to take them on. A transfer restarts this term for the next unit."
        ),
        "overdue_share": _("Nothing: every open report is in the denominator, those without a deadline too."),
        "on_time_rate": _(
            "Reports refused by their deadline: they are in neither number, and the refusal rate is "
            "shown beside it. Open reports past their deadline are in the denominator, so that leaving "
            "work undone cannot improve the rate."
        ),
        "received_on_time_rate": _(
            "Reports not yet due to be taken on. Those still waiting past that time are in the denominator."
        ),
        "closed_on_time_share": _(
            "The city's older figure, for comparison: closed on time ÷ closed. It leaves out everything still open, "
            "however late, so leaving work undone makes it look better."
        ),
        "refused_share": _("What is still open."),
        "satisfaction": _("Reports without a rating: the share that was rated is shown beside it."),
        "rated_share": _("A rating counts when it was given, even if the answer is from before the period."),
        "reopened_share": _("Reports received before the period, whenever they were opened again."),
        "median_hours": _("Refused and open reports. Never a mean: a few very old cases would hide all others."),
        "p90_hours": _("Refused and open reports. One resolved report in ten took longer."),
    }.get(measure, "")

"""The figures of what the city itself published: its own flag (late or not), and its own words."""

from functools import partial

from queries.registry.figure import N_, Figure

_published = partial(Figure, kind="period")

PUBLISHED_FIGURES = (
    _published(
        "published",
        N_("Published by the city"),
        N_("received in the period, and among those the city itself published"),
    ),
    _published(
        "published_late",
        N_("Late by the city's flag"),
        N_("received in the period and published by the city; late by the city's own flag"),
        flag="late",
    ),
    _published(
        "published_in_time",
        N_("In time by the city's flag"),
        N_("received in the period and published by the city; in time by the city's own flag"),
        flag="in_time",
    ),
    _published(
        "published_unsaid",
        N_("Without a flag of the city"),
        N_("received in the period and published by the city; the city gave no flag"),
        flag="unsaid",
    ),
    _published(
        "ours_late",
        N_("Published by the city, late by our deadline"),
        N_("received in the period and published by the city; ended after its deadline, or open past it"),
        ours="late",
    ),
    _published(
        "ours_in_time",
        N_("Published by the city, in time by our deadline"),
        N_("received in the period and published by the city; ended by its deadline, or open before it"),
        ours="in_time",
    ),
    _published(
        "ours_no_deadline",
        N_("Published by the city, no deadline known"),
        N_("received in the period and published by the city; no deadline or no closing time known"),
        ours="no_deadline",
    ),
    _published(
        "published_late_ours_late",
        N_("Late by the city's flag and by our deadline"),
        N_("received in the period; late by the city's own flag; ended after its deadline, or open past it"),
        flag="late",
        ours="late",
    ),
    _published(
        "published_late_ours_in_time",
        N_("Late by the city's flag, in time by our deadline"),
        N_("received in the period; late by the city's own flag; ended by its deadline, or open before it"),
        flag="late",
        ours="in_time",
    ),
    _published(
        "published_late_ours_no_deadline",
        N_("Late by the city's flag, no deadline known"),
        N_("received in the period; late by the city's own flag; no deadline or no closing time known"),
        flag="late",
        ours="no_deadline",
    ),
    _published(
        "published_in_time_ours_late",
        N_("In time by the city's flag, late by our deadline"),
        N_("received in the period; in time by the city's own flag; ended after its deadline, or open past it"),
        flag="in_time",
        ours="late",
    ),
    _published(
        "published_in_time_ours_in_time",
        N_("In time by the city's flag and by our deadline"),
        N_("received in the period; in time by the city's own flag; ended by its deadline, or open before it"),
        flag="in_time",
        ours="in_time",
    ),
    _published(
        "published_in_time_ours_no_deadline",
        N_("In time by the city's flag, no deadline known"),
        N_("received in the period; in time by the city's own flag; no deadline or no closing time known"),
        flag="in_time",
        ours="no_deadline",
    ),
    _published(
        "published_unsaid_ours_late",
        N_("Without a flag of the city, late by our deadline"),
        N_("received in the period; the city gave no flag; ended after its deadline, or open past it"),
        flag="unsaid",
        ours="late",
    ),
    _published(
        "published_unsaid_ours_in_time",
        N_("Without a flag of the city, in time by our deadline"),
        N_("received in the period; the city gave no flag; ended by its deadline, or open before it"),
        flag="unsaid",
        ours="in_time",
    ),
    _published(
        "published_unsaid_ours_no_deadline",
        N_("Without a flag of the city, no deadline known"),
        N_("received in the period; the city gave no flag; no deadline or no closing time known"),
        flag="unsaid",
        ours="no_deadline",
    ),
    _published(
        "published_status",
        N_("Of one status in the city's own words"),
        N_("received in the period, and of this status in the city's own words"),
        said="status",
    ),
    _published(
        "published_district",
        N_("Of one district in the city's own words"),
        N_("received in the period, and of this district in the city's own words"),
        said="district",
    ),
    _published(
        "published_ward",
        N_("Of one ward in the city's own words"),
        N_("received in the period, and of this ward in the city's own words"),
        said="ward",
    ),
)

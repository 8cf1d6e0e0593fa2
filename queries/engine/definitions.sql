-- What every figure counts, over the columns of report_at(:at). Name, colon, meaning in words; then in SQL.
-- A period runs from :start up to, not including, :end, and never past :at (queries/engine/filters.py sees to that).
-- What has ended was resolved or refused: `<> 'refused'` says the first, and tells the planner that it is most of them.

-- true: every report
true

-- open: neither resolved nor refused by the moment
open_until > :at

-- overdue: open, and due before the moment
{open} and due_at < :at

-- seriously_overdue: overdue, and open for more than three times its term
{overdue} and :at - submitted_at > 3 * (due_at - submitted_at)

-- in_time: open, with a deadline that has not passed
{open} and due_at >= :at

-- due_soon: open, not overdue, due before the end of the next working day
{in_time} and due_at < :soon

-- due_today: open, not overdue, due before the city's day ends; counted among those due soon too
{in_time} and due_at < :today_ends

-- not_received: open, and not yet taken on by a unit
{open} and status = 'waiting'

-- receive_waiting: open, not yet taken on by a unit, and the term for that has not passed
{not_received} and receive_due_at >= :at

-- receive_overdue: open, not yet taken on by a unit, and the term for that has passed
{not_received} and receive_due_at < :at

-- no_deadline: open, with no deadline known or with its clock stopped; never counted as on time
{open} and due_at is null

-- age_under_3: open, submitted less than 3 days (of 24 hours) before the moment
{open} and submitted_at > cast(:at as timestamptz) - interval '72 hours'

-- age_3_to_7: open, submitted 3 to less than 7 days before the moment
{open} and submitted_at <= cast(:at as timestamptz) - interval '72 hours'
    and submitted_at > cast(:at as timestamptz) - interval '168 hours'

-- age_7_to_14: open, submitted 7 to less than 14 days before the moment
{open} and submitted_at <= cast(:at as timestamptz) - interval '168 hours'
    and submitted_at > cast(:at as timestamptz) - interval '336 hours'

-- age_14_to_30: open, submitted 14 to less than 30 days before the moment
{open} and submitted_at <= cast(:at as timestamptz) - interval '336 hours'
    and submitted_at > cast(:at as timestamptz) - interval '720 hours'

-- age_over_30: open, submitted 30 days or more before the moment
{open} and submitted_at <= cast(:at as timestamptz) - interval '720 hours'

-- waiting: open, not yet taken on by a unit, not escalated
{open} and status = 'waiting' and escalated_at is null

-- in_progress: open, taken on by a unit, not escalated
{open} and status = 'in_progress' and escalated_at is null

-- escalated: open, and handed up to a higher level: beyond the authority of the unit that had it
{open} and escalated_at is not null

-- escalated_unheld: escalated, and nobody holds it
{escalated} and unit_id is null

-- with_higher: escalated, and counted for the unit that handed it up, not for its holder
{escalated} and escalated_by_id is not null and unit_id is distinct from escalated_by_id

-- urgent: open, and urgent
{open} and severity = 'urgent'

-- urgent_overdue: overdue, and urgent
{overdue} and severity = 'urgent'

-- new_here: open, not yet taken on, and the first unit's to take on
{not_received} and transfer_count = 0

-- by_transfer: open, not yet taken on, and passed on by another unit
{not_received} and transfer_count > 0

-- sent_back: open, and held by a unit that had it before and had given it to another
{open} and exists (
    select 1 from report_past as before
    where before.report_id = report_at.id and before.unit_id = report_at.unit_id and before.valid_to <= :at
        and exists (
            select 1 from report_past as elsewhere
            where elsewhere.report_id = before.report_id and elsewhere.unit_id is distinct from before.unit_id
                and elsewhere.valid_from >= before.valid_to and elsewhere.valid_to <= :at
        )
)

-- submitted: submitted by the moment, open or not, in the period or before it
submitted_at <= :at

-- open_on_map: open, with coordinates
{open} and cell is not null

-- open_off_map: open, without coordinates
{open} and cell is null

-- received: submitted in the period
submitted_at >= :start and submitted_at < :end

-- received_on_map: received in the period, with coordinates
{received} and cell is not null

-- received_off_map: received in the period, without coordinates
{received} and cell is null

-- ended: resolved or refused in the period
open_until >= :start and open_until < :end

-- resolved: resolved in the period
{ended} and status <> 'refused'

-- resolved_on_time: resolved in the period, by its deadline
{resolved} and open_until <= due_at

-- resolved_late: resolved in the period, after its deadline
{resolved} and open_until > due_at

-- resolved_no_deadline: resolved in the period, with no deadline known
{resolved} and due_at is null

-- resolved_with_deadline: resolved in the period, with a deadline known
{resolved} and due_at is not null

-- refused: refused in the period
{ended} and status = 'refused'

-- fell_due: fell due in the period and before the moment, whether done or not; without those refused by their deadline
due_at >= :start and due_at < least(:end, :at) and not (status = 'refused' and open_until <= due_at)

-- done_by_due: of those that fell due, resolved by their deadline
{fell_due} and open_until <= due_at

-- receive_fell_due: to be taken on by a unit by a time in the period and before the moment, whether it was or not
receive_due_at >= :start and receive_due_at < least(:end, :at)

-- received_on_time: of those to be taken on, taken on by that time
{receive_fell_due} and received_at <= receive_due_at

-- resolved_last_hour: resolved in the period, by its deadline and less than an hour before it
{resolved} and {last_hour}

-- last_hour: ended in the last hour before the deadline; without time zones, so that an index may hold it
open_until <= due_at and open_until at time zone 'UTC' > due_at at time zone 'UTC' - interval '1 hour'

-- reopened_soon: received in the period, and opened again within 7 days of an answer or a refusal
{received} and reopen_count > 0 and reopened_soon_at <= :at

-- deadline_moved: received in the period, and given a later deadline by a change of its category or severity
{received} and deadline_moved_at <= :at

-- resolved_without_words: resolved in the period, and no answer text is kept
{ended} and resolved_without_text_at >= :start and resolved_without_text_at < :end
    and resolved_without_text_at = open_until

-- rated: rated by the citizen in the period
rated_at >= :start and rated_at < :end

-- satisfied: rated satisfied or acceptable in the period
{rated} and rating in ('satisfied', 'acceptable')

-- rated_satisfied: rated satisfied in the period
{rated} and rating = 'satisfied'

-- rated_acceptable: rated acceptable in the period
{rated} and rating = 'acceptable'

-- rated_not_satisfied: rated not satisfied in the period
{rated} and rating = 'not_satisfied'

-- reopened_open: open, and opened again after an answer
{open} and reopen_count > 0

-- reopened: received in the period, and opened again after an answer
{received} and reopen_count > 0

-- past_due: ended after its deadline, or still open past it
least(open_until, :at) > due_at

-- by_due: ended by its deadline, or open with a deadline that has not passed
least(open_until, :at) <= due_at

-- published: received in the period, and among those the city itself published
{received} and report_at.id in (select report_id from report_source)

-- published_late: received in the period and published by the city; late by the city's own flag
{received} and report_at.id in (select report_id from report_source where published_late)

-- published_in_time: received in the period and published by the city; in time by the city's own flag
{received} and report_at.id in (select report_id from report_source where not published_late)

-- published_unsaid: received in the period and published by the city; the city gave no flag
{received} and report_at.id in (select report_id from report_source where published_late is null)

-- ours_late: received in the period and published by the city; ended after its deadline, or open past it
{published} and {past_due}

-- ours_in_time: received in the period and published by the city; ended by its deadline, or open before it
{published} and {by_due}

-- ours_no_deadline: received in the period and published by the city; no deadline known
{published} and due_at is null

-- published_late_ours_late: received in the period; late by the city's own flag; ended after its deadline, or open past it
{published_late} and {past_due}

-- published_late_ours_in_time: received in the period; late by the city's own flag; ended by its deadline, or open before it
{published_late} and {by_due}

-- published_late_ours_no_deadline: received in the period; late by the city's own flag; no deadline known
{published_late} and due_at is null

-- published_in_time_ours_late: received in the period; in time by the city's own flag; ended after its deadline, or open past it
{published_in_time} and {past_due}

-- published_in_time_ours_in_time: received in the period; in time by the city's own flag; ended by its deadline, or open before it
{published_in_time} and {by_due}

-- published_in_time_ours_no_deadline: received in the period; in time by the city's own flag; no deadline known
{published_in_time} and due_at is null

-- published_unsaid_ours_late: received in the period; the city gave no flag; ended after its deadline, or open past it
{published_unsaid} and {past_due}

-- published_unsaid_ours_in_time: received in the period; the city gave no flag; ended by its deadline, or open before it
{published_unsaid} and {by_due}

-- published_unsaid_ours_no_deadline: received in the period; the city gave no flag; no deadline known
{published_unsaid} and due_at is null

-- published_status: received in the period, and of this status in the city's own words
{received} and report_at.id in (
    select report_id from report_source where coalesce(told_status, '') = cast(:said as text))

-- published_district: received in the period, and of this district in the city's own words
{received} and report_at.id in (
    select report_id from report_source where coalesce(told_district, '') = cast(:said as text))

-- published_ward: received in the period, and of this ward in the city's own words
{received} and report_at.id in (
    select report_id from report_source where coalesce(told_ward, '') = cast(:said as text))

-- officer: who answers for it in the unit that held it; '' where nobody is assigned, or where another unit has it now
(select case when report.unit_id = report_at.unit_id then coalesce(report.officer, '') else '' end
    from report where report.id = report_at.id)

-- chosen: what the viewer's filters let through; an empty filter lets everything through, -1 and '' stand for none
{chosen_group}
and {chosen_severity}
and (cast(:officers as text[]) is null
    or {officer} = any(cast(:officers as text[])))
and (cast(:cells as bigint[]) is null
    or report_at.id in (select id from report where cell = any(cast(:cells as bigint[]))))

-- chosen_group: the same of reports in groups, without severity, officer and place; of one chosen alone the planner sees an order
{chosen_district}
and (cast(:wards as integer[]) is null
    or cardinality(cast(:wards as integer[])) = 1 and ward_id = (cast(:wards as integer[]))[1]
    or cardinality(cast(:wards as integer[])) > 1 and ward_id = any(cast(:wards as integer[]))
    or ward_id is null and -1 = any(cast(:wards as integer[])))
and (cast(:units as integer[]) is null
    or cardinality(cast(:units as integer[])) = 1 and unit_id = (cast(:units as integer[]))[1]
    or cardinality(cast(:units as integer[])) > 1 and unit_id = any(cast(:units as integer[]))
    or unit_id is null and -1 = any(cast(:units as integer[])))
and (cast(:categories as integer[]) is null
    or cardinality(cast(:categories as integer[])) = 1 and category_id = (cast(:categories as integer[]))[1]
    or cardinality(cast(:categories as integer[])) > 1 and category_id = any(cast(:categories as integer[])))
and (cast(:channels as integer[]) is null
    or cardinality(cast(:channels as integer[])) = 1 and channel_id = (cast(:channels as integer[]))[1]
    or cardinality(cast(:channels as integer[])) > 1 and channel_id = any(cast(:channels as integer[])))

-- chosen_district: the same of the district alone
(cast(:districts as integer[]) is null
    or cardinality(cast(:districts as integer[])) = 1 and district_id = (cast(:districts as integer[]))[1]
    or cardinality(cast(:districts as integer[])) > 1 and district_id = any(cast(:districts as integer[]))
    or district_id is null and -1 = any(cast(:districts as integer[])))

-- chosen_severity: the same of the severity alone
(cast(:severities as text[]) is null or severity = any(cast(:severities as text[])))

-- state: how far a report is, in one word
case
    when {overdue} then 'overdue'
    when {due_soon} then 'due_soon'
    when {no_deadline} then 'no_deadline'
    when {open} then 'in_time'
    when status = 'refused' then 'refused'
    when due_at is null then 'resolved'
    when open_until <= due_at then 'resolved_on_time'
    else 'resolved_late'
end

-- urgency: how pressing a report is on a map
case when {overdue} then 3 when {due_soon} then 2 when {no_deadline} then 1 else 0 end

-- gravity: how grave a report is on a map
case severity when 'urgent' then 2 when 'complex' then 1 else 0 end

-- spot: where a report lies, longitude and latitude in hundred-thousandths of a degree, and its id
cast(lon * 100000 as integer) || ',' || cast(lat * 100000 as integer) || ',' || id

-- key: what the rows of an answer are about
case cast(:by as text)
    when 'district' then district_id
    when 'ward' then ward_id
    when 'unit' then unit_id
    when 'category' then category_id
    when 'channel' then channel_id
end

-- coded: public codes from one up to another, where a search is for a code
(cast(:code as text) is null or public_code >= cast(:code as text) collate "C"
    and public_code < cast(:code_end as text) collate "C")

-- said: what a search finds, by words or by a code, told report by report
(cast(:words as text) is null or words @@ cast(cast(:words as text) as tsquery)) and {coded}

-- found: the same, looked up in the index of words; a search within units has its own way there, in 18_access.sql
(cast(:words as text) is null
    or not :within_units and words @@ cast(cast(:words as text) as tsquery)
    or :within_units and id = any(array(select found_by_words(cast(cast(:words as text) as tsquery)))))
and {coded}

-- found_here: the same among reports as they stand, which hold a mark of what the viewer's filters choose
(cast(:words_here as text) is null
    or not :within_units and words @@ cast(cast(:words_here as text) as tsquery)
    or :within_units and id = any(array(select found_by_words(cast(cast(:words_here as text) as tsquery)))))
and {coded}

-- own: what the viewer's units hold, where he is held to them: so said, an index finds it; who sees it, the database decides
(cast(:own as integer[]) is null
    or cardinality(cast(:own as integer[])) = 1 and unit_id = (cast(:own as integer[]))[1]
    or cardinality(cast(:own as integer[])) > 1 and unit_id = any(cast(:own as integer[])))

-- newest: an order, the last one first; what {moves} stands for depends on the figure (queries/engine/statements.py)
{moves} desc, id desc

-- oldest: an order, the first one first
{moves}, id

-- worklist: an order: overdue and urgent, urgent, overdue, due today, the rest; in each the earliest deadline first
case
    when severity = 'urgent' and due_at < :at then 0
    when severity = 'urgent' then 1
    when due_at < :at then 2
    when due_at < :today_ends then 3
    else 4
end, due_at nulls last, submitted_at, id

-- most_late: an order, the longest past its deadline first, done or not
coalesce(ended_at, cast(:at as timestamptz)) - due_at desc nulls last, submitted_at, id

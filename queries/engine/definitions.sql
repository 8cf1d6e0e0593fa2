-- What every figure counts, over the columns of report_at(:at); its words stand in queries/registry/. `-- name:` opens a
-- definition; what follows is its SQL (queries/engine/statements.py).
-- A period runs from :start up to, not including, :end, and never past :at (queries/engine/filters.py sees to that).
-- What has ended was resolved or refused: `<> 'refused'` says the first, and tells the planner that it is most of them.

-- name: true
-- every report
true

-- name: open
open_until > :at

-- name: overdue
{open} and due_at < :at

-- name: seriously_overdue
{overdue} and :at - submitted_at > 3 * (due_at - submitted_at)

-- name: in_time
{open} and due_at >= :at

-- name: due_soon
{in_time} and due_at < :soon

-- name: due_today
{in_time} and due_at < :today_ends

-- name: not_received
{open} and status = 'waiting'

-- name: receive_waiting
{not_received} and receive_due_at >= :at

-- name: receive_overdue
{not_received} and receive_due_at < :at

-- name: no_deadline
{open} and due_at is null

-- name: age_under_3
{open} and submitted_at > cast(:at as timestamptz) - interval '72 hours'

-- name: age_3_to_7
{open} and submitted_at <= cast(:at as timestamptz) - interval '72 hours'
    and submitted_at > cast(:at as timestamptz) - interval '168 hours'

-- name: age_7_to_14
{open} and submitted_at <= cast(:at as timestamptz) - interval '168 hours'
    and submitted_at > cast(:at as timestamptz) - interval '336 hours'

-- name: age_14_to_30
{open} and submitted_at <= cast(:at as timestamptz) - interval '336 hours'
    and submitted_at > cast(:at as timestamptz) - interval '720 hours'

-- name: age_over_30
{open} and submitted_at <= cast(:at as timestamptz) - interval '720 hours'

-- name: waiting
{open} and status = 'waiting' and escalated_at is null

-- name: in_progress
{open} and status = 'in_progress' and escalated_at is null

-- name: escalated
{open} and escalated_at is not null

-- name: escalated_unheld
{escalated} and unit_id is null

-- name: with_higher
{escalated} and escalated_by_id is not null and unit_id is distinct from escalated_by_id

-- name: urgent
{open} and severity = 'urgent'

-- name: urgent_overdue
{overdue} and severity = 'urgent'

-- name: new_here
{not_received} and transfer_count = 0

-- name: by_transfer
{not_received} and transfer_count > 0

-- name: sent_back
{open} and exists (
    select 1 from report_past as before
    where before.report_id = report_at.id and before.unit_id = report_at.unit_id and before.valid_to <= :at
        and exists (
            select 1 from report_past as elsewhere
            where elsewhere.report_id = before.report_id and elsewhere.unit_id is distinct from before.unit_id
                and elsewhere.valid_from >= before.valid_to and elsewhere.valid_to <= :at
        )
)

-- name: submitted
submitted_at <= :at

-- name: open_on_map
{open} and cell is not null

-- name: open_off_map
{open} and cell is null

-- name: received
submitted_at >= :start and submitted_at < :end

-- name: received_on_map
{received} and cell is not null

-- name: received_off_map
{received} and cell is null

-- name: ended
open_until >= :start and open_until < :end

-- name: resolved
{ended} and status <> 'refused'

-- name: resolved_on_time
{resolved} and ended_known and open_until <= due_at

-- name: resolved_late
{resolved} and ended_known and open_until > due_at

-- name: resolved_no_deadline
{resolved} and ended_known and due_at is null

-- name: resolved_time_unknown
{resolved} and not ended_known

-- name: resolved_with_deadline
{resolved} and ended_known and due_at is not null

-- name: refused
{ended} and status = 'refused'

-- name: fell_due
due_at >= :start and due_at < least(:end, :at) and ended_known and not (status = 'refused' and open_until <= due_at)

-- name: done_by_due
{fell_due} and open_until <= due_at

-- name: receive_fell_due
receive_due_at >= :start and receive_due_at < least(:end, :at)

-- name: received_on_time
{receive_fell_due} and received_at <= receive_due_at

-- name: resolved_last_hour
{resolved} and {last_hour}

-- name: last_hour
-- ended in the last hour before the deadline; without time zones, so that an index may hold it
open_until <= due_at and open_until at time zone 'UTC' > due_at at time zone 'UTC' - interval '1 hour'
    and ended_known

-- name: reopened_soon
{received} and reopen_count > 0 and reopened_soon_at <= :at

-- name: deadline_moved
{received} and deadline_moved_at <= :at

-- name: resolved_without_words
{ended} and resolved_without_text_at >= :start and resolved_without_text_at < :end
    and resolved_without_text_at = open_until

-- name: rated
rated_at >= :start and rated_at < :end

-- name: satisfied
{rated} and rating in ('satisfied', 'acceptable')

-- name: rated_satisfied
{rated} and rating = 'satisfied'

-- name: rated_acceptable
{rated} and rating = 'acceptable'

-- name: rated_not_satisfied
{rated} and rating = 'not_satisfied'

-- name: reopened_open
{open} and reopen_count > 0

-- name: reopened
{received} and reopen_count > 0

-- name: past_due
-- ended after its deadline, or still open past it; not where the end is unknown
least(open_until, :at) > due_at and ended_known

-- name: by_due
-- ended by its deadline, or open with a deadline that has not passed; not where the end is unknown
least(open_until, :at) <= due_at and ended_known

-- name: published
{received} and report_at.id in (select report_id from report_source)

-- name: published_late
{received} and report_at.id in (select report_id from report_source where published_late)

-- name: published_in_time
{received} and report_at.id in (select report_id from report_source where not published_late)

-- name: published_unsaid
{received} and report_at.id in (select report_id from report_source where published_late is null)

-- name: ours_late
{published} and {past_due}

-- name: ours_in_time
{published} and {by_due}

-- name: ours_no_deadline
{published} and (due_at is null or not ended_known)

-- name: published_late_ours_late
{published_late} and {past_due}

-- name: published_late_ours_in_time
{published_late} and {by_due}

-- name: published_late_ours_no_deadline
{published_late} and (due_at is null or not ended_known)

-- name: published_in_time_ours_late
{published_in_time} and {past_due}

-- name: published_in_time_ours_in_time
{published_in_time} and {by_due}

-- name: published_in_time_ours_no_deadline
{published_in_time} and (due_at is null or not ended_known)

-- name: published_unsaid_ours_late
{published_unsaid} and {past_due}

-- name: published_unsaid_ours_in_time
{published_unsaid} and {by_due}

-- name: published_unsaid_ours_no_deadline
{published_unsaid} and (due_at is null or not ended_known)

-- name: published_status
{received} and report_at.id in (
    select report_id from report_source where coalesce(told_status, '') = cast(:said as text))

-- name: published_district
{received} and report_at.id in (
    select report_id from report_source where coalesce(told_district, '') = cast(:said as text))

-- name: published_ward
{received} and report_at.id in (
    select report_id from report_source where coalesce(told_ward, '') = cast(:said as text))

-- name: officer
-- who answers for it in the unit that held it; '' where nobody is assigned, or where another unit has it now
(select case when report.unit_id = report_at.unit_id then coalesce(report.officer, '') else '' end
    from report where report.id = report_at.id)

-- name: chosen
-- what the viewer's filters let through; an empty filter lets everything through, -1 and '' stand for none
{chosen_group}
and {chosen_severity}
and (cast(:officers as text[]) is null
    or {officer} = any(cast(:officers as text[])))
and (cast(:cells as bigint[]) is null
    or report_at.id in (select id from report where cell = any(cast(:cells as bigint[]))))

-- name: chosen_group
-- the same of reports in groups, without severity, officer and place; of one chosen alone the planner sees an order
{chosen_district}
and (cast(:wards as integer[]) is null
    or cardinality(cast(:wards as integer[])) = 1 and ward_id = (cast(:wards as integer[]))[1]
    or cardinality(cast(:wards as integer[])) > 1 and ward_id = any(cast(:wards as integer[]))
    or ward_id is null and -1 = any(cast(:wards as integer[])))
and (cast(:units as integer[]) is null
    or cardinality(cast(:units as integer[])) = 1 and {unit} = (cast(:units as integer[]))[1]
    or cardinality(cast(:units as integer[])) > 1 and {unit} = any(cast(:units as integer[]))
    or {unit} is null and -1 = any(cast(:units as integer[])))
and (cast(:categories as integer[]) is null
    or cardinality(cast(:categories as integer[])) = 1 and category_id = (cast(:categories as integer[]))[1]
    or cardinality(cast(:categories as integer[])) > 1 and category_id = any(cast(:categories as integer[])))
and (cast(:channels as integer[]) is null
    or cardinality(cast(:channels as integer[])) = 1 and channel_id = (cast(:channels as integer[]))[1]
    or cardinality(cast(:channels as integer[])) > 1 and channel_id = any(cast(:channels as integer[])))

-- name: unit
-- the unit a report counts for: its holder, and for `with_higher` the unit that handed it up (queries/engine/statements.py)
unit_id

-- name: chosen_district
-- the same of the district alone
(cast(:districts as integer[]) is null
    or cardinality(cast(:districts as integer[])) = 1 and district_id = (cast(:districts as integer[]))[1]
    or cardinality(cast(:districts as integer[])) > 1 and district_id = any(cast(:districts as integer[]))
    or district_id is null and -1 = any(cast(:districts as integer[])))

-- name: chosen_severity
-- the same of the severity alone
(cast(:severities as text[]) is null or severity = any(cast(:severities as text[])))

-- name: state
-- how far a report is, in one word
case
    when {overdue} then 'overdue'
    when {due_soon} then 'due_soon'
    when {no_deadline} then 'no_deadline'
    when {open} then 'in_time'
    when status = 'refused' then 'refused'
    when due_at is null or not ended_known then 'resolved'
    when open_until <= due_at then 'resolved_on_time'
    else 'resolved_late'
end

-- name: urgency
-- how pressing a report is on a map
case when {overdue} then 3 when {due_soon} then 2 when {no_deadline} then 1 else 0 end

-- name: gravity
-- how grave a report is on a map
case severity when 'urgent' then 2 when 'complex' then 1 else 0 end

-- name: spot
-- where a report lies, longitude and latitude in hundred-thousandths of a degree, and its id
cast(lon * 100000 as integer) || ',' || cast(lat * 100000 as integer) || ',' || id

-- name: key
-- what the rows of an answer are about
case cast(:by as text)
    when 'district' then district_id
    when 'ward' then ward_id
    when 'unit' then {unit}
    when 'category' then category_id
    when 'channel' then channel_id
end

-- name: coded
-- public codes from one up to another, where a search is for a code
(cast(:code as text) is null or public_code >= cast(:code as text) collate "C"
    and public_code < cast(:code_end as text) collate "C")

-- name: said
-- what a search finds, by words or by a code, told report by report
(cast(:words as text) is null or words @@ cast(cast(:words as text) as tsquery)) and {coded}

-- name: found
-- the same, looked up in the index of words; a search within units has its own way there, in 18_access.sql
(cast(:words as text) is null
    or not :within_units and words @@ cast(cast(:words as text) as tsquery)
    or :within_units and id = any(array(select found_by_words(cast(cast(:words as text) as tsquery)))))
and {coded}

-- name: found_here
-- the same among reports as they stand, which hold a mark of what the viewer's filters choose
(cast(:words_here as text) is null
    or not :within_units and words @@ cast(cast(:words_here as text) as tsquery)
    or :within_units and id = any(array(select found_by_words(cast(cast(:words_here as text) as tsquery)))))
and {coded}

-- name: own
-- what the viewer's units hold, where he is held to them: so said, an index finds it; who sees it, the database decides
(cast(:own as integer[]) is null
    or cardinality(cast(:own as integer[])) = 1 and unit_id = (cast(:own as integer[]))[1]
    or cardinality(cast(:own as integer[])) > 1 and unit_id = any(cast(:own as integer[])))

-- name: newest
-- an order, the last one first; what {moves} stands for depends on the figure (queries/engine/statements.py)
{moves} desc, id desc

-- name: oldest
-- an order, the first one first
{moves}, id

-- name: worklist
-- an order: overdue and urgent, urgent, overdue, due today, the rest; in each the earliest deadline first
case
    when severity = 'urgent' and due_at < :at then 0
    when severity = 'urgent' then 1
    when due_at < :at then 2
    when due_at < :today_ends then 3
    else 4
end, due_at nulls last, submitted_at, id

-- name: most_late
-- an order, the longest past its deadline first, done or not
coalesce(ended_at, cast(:at as timestamptz)) - due_at desc nulls last, submitted_at, id

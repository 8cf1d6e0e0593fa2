-- What every figure counts, over the columns of report_at(:at). Name, colon, meaning in words; then in SQL.
-- A period runs from :start up to, not including, :end, and never past :at (queries/filters.py sees to that).

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

-- no_deadline: open, with no deadline known; never counted as on time
{open} and due_at is null

-- received: submitted in the period
submitted_at >= :start and submitted_at < :end

-- ended: resolved or refused in the period
open_until >= :start and open_until < :end

-- resolved: resolved in the period
{ended} and status = 'resolved'

-- resolved_on_time: resolved in the period, by its deadline
{resolved} and open_until <= due_at

-- resolved_late: resolved in the period, after its deadline
{resolved} and open_until > due_at

-- resolved_no_deadline: resolved in the period, with no deadline known
{resolved} and due_at is null

-- refused: refused in the period
{ended} and status = 'refused'

-- fell_due: fell due in the period and before the moment, whether done or not; without those refused by their deadline
due_at >= :start and due_at < least(:end, :at) and not (status = 'refused' and open_until <= due_at)

-- done_by_due: of those that fell due, resolved by their deadline
{fell_due} and status = 'resolved' and open_until <= due_at

-- rated: rated by the citizen in the period
rated_at >= :start and rated_at < :end

-- satisfied: rated satisfied or acceptable in the period
{rated} and rating in ('satisfied', 'acceptable')

-- reopened: received in the period, and opened again after an answer
{received} and reopen_count > 0

-- chosen: what the viewer's filters let through; an empty filter lets everything through
(cast(:districts as integer[]) is null or district_id = any(cast(:districts as integer[])))
and (cast(:wards as integer[]) is null or ward_id = any(cast(:wards as integer[])))
and (cast(:units as integer[]) is null or unit_id = any(cast(:units as integer[])))
and (cast(:categories as integer[]) is null or category_id = any(cast(:categories as integer[])))
and (cast(:channels as integer[]) is null or channel_id = any(cast(:channels as integer[])))
and (cast(:scope as integer[]) is null or unit_id = any(cast(:scope as integer[])))

-- key: what the rows of an answer are about
case cast(:by as text)
    when 'district' then district_id
    when 'ward' then ward_id
    when 'unit' then unit_id
    when 'category' then category_id
    when 'channel' then channel_id
end

-- newest: an order, the last submitted first
submitted_at desc, id desc

-- oldest: an order, the first submitted first
submitted_at, id

-- worklist: an order, what a head should take first: the earliest deadline, then the gravest
due_at nulls last, case severity when 'urgent' then 0 when 'complex' then 1 else 2 end, submitted_at, id

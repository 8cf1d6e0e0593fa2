-- What is worth a second look, counted for each key: one row for each signal and key that has any.
select 'resolved_last_hour' as figure, {key} as key, count(*) as reports
from report_at(:at)
where {resolved_last_hour} and {chosen}
group by 2
union all
select 'reopened_soon', {key}, count(*)
from report_at(:at)
where {reopened_soon} and {chosen}
group by 2
union all
select 'deadline_moved', {key}, count(*)
from report_at(:at)
where {deadline_moved} and {chosen}
group by 2
union all
select 'resolved_without_words', {key}, count(*)
from report_at(:at)
where {resolved_without_words} and {chosen}
group by 2

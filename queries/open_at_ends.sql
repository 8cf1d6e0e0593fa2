-- How many reports were open at each of :moments.
select
    moment,
    (select count(*) from report_at(moment) where open_until > moment and {chosen}) as open
from unnest(cast(:moments as timestamptz[])) as moment

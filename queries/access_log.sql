-- The access log, the newest lines first.
select access_log.id, at, subject, action, public_code, access_log.report_id, reason
from access_log
left join report on report.id = access_log.report_id
where cast(:before as bigint) is null or access_log.id < cast(:before as bigint)
order by access_log.id desc
limit :limit

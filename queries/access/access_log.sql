-- The access log, the newest lines first: all of it, or one person's, or some actions; with what a file gave out.
select
    access_log.id, at, subject, action, public_code, access_log.report_id, reason, kind, query, listed, sent, whole
from access_log
left join report on report.id = access_log.report_id
left join access_export on access_export.id = access_log.id
where (cast(:before as bigint) is null or access_log.id < cast(:before as bigint))
    and (cast(:who as text) is null or subject = cast(:who as text))
    and (cast(:actions as text[]) is null or action = any(cast(:actions as text[])))
order by access_log.id desc
limit :limit

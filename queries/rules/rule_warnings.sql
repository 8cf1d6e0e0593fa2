-- What leaves deadlines unknown, or soon will, at the moment: each kind of finding (07_deadlines.sql), and how often.
select kind, count(*) as count from rule_warnings(:at) group by kind order by kind

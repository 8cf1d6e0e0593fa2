-- The deadline rules in force on a day, the most specific first, and the category each speaks of.
select
    deadline_rule.id, category.name_vi, category.name_en, deadline_rule.severity, receive_minutes, handle_minutes,
    clock, handle_from, valid_from, valid_to, source, receive_confirmed, handle_confirmed
from deadline_rule
left join category on category.id = category_id
where valid_from <= cast(:day as date) and (valid_to is null or valid_to > cast(:day as date))
order by category_id is null, deadline_rule.severity is null,
    array_position(array['urgent', 'complex', 'normal'], deadline_rule.severity), valid_from, deadline_rule.id

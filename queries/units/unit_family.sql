-- A unit, those whose work it took over and those that took over its own, with the days each was valid.
select 'itself' as role, unit.* from unit where id = :unit
union all
select 'predecessor', unit.* from unit join unit_successor on unit_id = unit.id where successor_id = :unit
union all
select 'successor', unit.* from unit join unit_successor on successor_id = unit.id where unit_id = :unit
order by role, code

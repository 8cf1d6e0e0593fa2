-- Complete the record of a file of cases: how many went out, and whether it is whole.
select export_ended(cast(:id as bigint), cast(:who as text), cast(:sent as bigint), cast(:whole as boolean))

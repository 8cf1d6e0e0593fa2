-- What stood otherwise in a district, a unit or a category is found there, not among all that ever stood otherwise.
create index report_past_place on report_past (district_id, unit_id, category_id, valid_to)
    include (valid_from, report_id, submitted_at, open_until, ward_id, channel_id);

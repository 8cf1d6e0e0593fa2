-- Citizens' reports: as they are now, what they were before, and every step that was taken.

create table report (
    id bigint primary key,
    -- Compared byte by byte, so that the beginning of a code finds it in the index whatever the database's locale.
    public_code text collate "C" not null,  -- unique, by report_key
    channel_id smallint not null references channel,
    category_id smallint not null references category,
    severity text not null check (severity in ('urgent', 'complex', 'normal')),
    district_id integer references area,  -- found from the coordinates; null: not located
    ward_id integer references area,
    lon double precision,
    lat double precision,
    address text,
    title text not null,
    text text,
    submitted_at timestamptz not null,
    received_at timestamptz,              -- when the responsible unit took it on
    receive_due_at timestamptz,
    unit_id integer references unit,      -- the holder: who has to act; null: nobody
    officer text,                         -- who in the unit answers for it
    due_at timestamptz,
    rule_id integer references deadline_rule,
    status text not null check (status in ('waiting', 'in_progress', 'resolved', 'refused')),
    escalated_at timestamptz,
    ended_at timestamptz,                 -- resolved or refused
    -- The end, or infinity: "open at the moment" is one range of an index, without nulls.
    open_until timestamptz not null generated always as (coalesce(ended_at, 'infinity')) stored,
    answer text,
    rating text check (rating in ('satisfied', 'acceptable', 'not_satisfied')),
    rated_at timestamptz,
    reopen_count smallint not null default 0,
    transfer_count smallint not null default 0,
    updated_at timestamptz not null,
    source_ref text,                      -- the source's name and its own id, "boston:101000295613"; unique, by report_key
    -- The cell of a grid over the world in which it lies, its sides a thousandth of a degree (about 111 m north to south):
    -- 360,000 to a row, counted eastward from the antimeridian, row upon row from the south pole.
    cell bigint generated always as (
        cast(floor((lat + 90) * 1000) as bigint) * 360000 + cast(floor((lon + 180) * 1000) as bigint)) stored,
    -- Worked out by triggers (07_deadlines.sql, 08_derived_columns.sql); a writer may leave them out.
    worked_minutes integer check (worked_minutes >= 0),
    deadline_moved_at timestamptz,
    reopened_soon_at timestamptz,
    resolved_without_text_at timestamptz,
    -- The unit that handed it up, until it comes back. An escalation moves unit_id to whom it was handed up to.
    escalated_by_id integer references unit,
    masked_title text not null generated always as (masked(title)) stored,
    masked_text text generated always as (masked(text)) stored,
    masked_address text generated always as (masked(address)) stored,
    masked_answer text generated always as (masked(answer)) stored,
    -- Searched by masked words, so that nobody finds a report by what is masked. They are masked in one call, with a
    -- character between them that no rule passes, so that each is masked as it is shown.
    words tsvector not null generated always as (searchable(
        masked(title || E' \uE001 ' || coalesce(text, '') || E' \uE001 ' || coalesce(address, '')),
        district_id, ward_id, unit_id, category_id)) stored,
    check ((lon is null) = (lat is null)),
    check ((status in ('resolved', 'refused')) = (ended_at is not null)),
    check ((rating is null) = (rated_at is null)),
    check (ended_at >= submitted_at),
    check (received_at >= submitted_at),
    constraint report_escalated_by check (escalated_by_id is null or escalated_at is not null),
    constraint report_resolved_without_text check (resolved_without_text_at is not distinct from
        case when status = 'resolved' and coalesce(btrim(answer), '') = '' then ended_at end)
);

-- Which report has a public code or a source's reference: what keeps both unique. A unique key of report itself would have
-- to hold its id, where reports are spread over several machines by it. Written by triggers (08_derived_columns.sql).
create table report_key (
    kind text not null check (kind in ('public_code', 'source_ref')),
    key text collate "C" not null,
    report_id bigint not null,
    primary key (kind, key)
);

-- What a report was before a transfer, an extension, a new category or a reopening changed it, from valid_from (inclusive)
-- to valid_to (exclusive). A past moment asked for twice therefore answers the same. A correction of a wrong entry is no
-- history and leaves no row here; where, when and by which channel a report came in is no history either, and is corrected
-- here too.
create table report_past (
    report_id bigint not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    channel_id smallint not null,
    category_id smallint not null,
    severity text not null,
    district_id integer,
    ward_id integer,
    unit_id integer,
    submitted_at timestamptz not null,
    received_at timestamptz,
    receive_due_at timestamptz,
    due_at timestamptz,
    rule_id integer,
    status text not null check (status in ('waiting', 'in_progress', 'resolved', 'refused')),
    escalated_at timestamptz,
    ended_at timestamptz,
    open_until timestamptz not null generated always as (coalesce(ended_at, 'infinity')) stored,
    rating text,
    rated_at timestamptz,
    reopen_count smallint not null,
    transfer_count smallint not null,
    worked_minutes integer check (worked_minutes >= 0),
    escalated_by_id integer,
    -- Who holds the report now, and who handed it up: what row-level policies compare. Kept by triggers
    -- (08_derived_columns.sql) here, in report_event and in report_source.
    now_unit_id integer,
    now_escalated_by_id integer,
    primary key (report_id, valid_to),
    check (valid_from < valid_to),
    check ((status in ('resolved', 'refused')) = (ended_at is not null)),
    constraint report_past_escalated_by check (escalated_by_id is null or escalated_at is not null)
);

-- Every step of every report, numbered from 1 in the order they happened. informed: an interim word to the citizen
-- (progress, who has it, a new date). returned: a higher level gave it back.
create table report_event (
    report_id bigint not null,
    n smallint not null check (n > 0),
    at timestamptz not null,
    kind text not null check (kind in ('submitted', 'routed', 'received', 'transferred', 'extended', 'recategorised',
        'paused', 'resumed', 'answered', 'informed', 'refused', 'resolved', 'reopened', 'rated', 'escalated', 'returned')),
    from_unit_id integer references unit,
    to_unit_id integer references unit,
    note text,
    minutes integer check (minutes > 0),  -- what an extension added, by the clock of the report's rule
    deadline_later boolean,               -- a new category gave a later deadline (07_deadlines.sql); null: no such change
    masked_note text generated always as (masked(note)) stored,
    now_unit_id integer,                  -- as in report_past
    now_escalated_by_id integer,
    primary key (report_id, n)
);

-- What the source itself published about a report, kept beside our own figures.
create table report_source (
    report_id bigint primary key,
    published_late boolean,               -- the source's own late flag; null where it gave none
    published_district text,
    published_ward text,
    published_status text,
    -- The words above as whoever only counts is told them (16_published.sql).
    told_status text,
    told_district text,
    told_ward text,
    -- Our areas that the source's words name, and whether the report's area is that one because its point told none: it
    -- has no point, or one outside every boundary.
    district_named integer references area,
    ward_named integer references area,
    district_from_source boolean not null default false,
    ward_from_source boolean not null default false,
    now_unit_id integer,                  -- as in report_past
    now_escalated_by_id integer,
    check (district_named is not null or not district_from_source),
    check (ward_named is not null or not ward_from_source)
);

-- The citizen, apart from everything else. No role of the dashboard reads it; contact_of() does (19_record.sql).
create table report_contact (
    report_id bigint primary key,
    name text,
    phone text
);

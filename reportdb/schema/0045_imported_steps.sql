-- The steps that a city's files tell of its reports (transfers, extensions, reopenings, ratings, answers), kept as told.
-- report_event, report_past and what a report is now are worked out from them and from the report's own row
-- (reportdb/steps), again whenever one of the two changes. Only the owner reads these tables: the notes are not masked.

create table imported_step (
    report_id bigint not null,
    at timestamptz,                           -- null, of a rating or an answer: when its report ended
    kind text not null check (kind in ('routed', 'received', 'transferred', 'extended', 'recategorised', 'paused',
        'resumed', 'answered', 'informed', 'refused', 'resolved', 'reopened', 'rated', 'escalated', 'returned')),
    place integer,                            -- the source's order of steps that have one time
    from_unit_id integer references unit,
    to_unit_id integer references unit,
    note text,                                -- of an answer: its words
    minutes integer check (minutes > 0),      -- what an extension added, by the clock of the report's rule
    due_at timestamptz,                       -- the due time from this step on, and the one before it
    due_before timestamptz,
    category_id smallint references category, -- what a new category or severity is, and was
    severity text check (severity in ('urgent', 'complex', 'normal')),
    category_before_id smallint references category,
    severity_before text check (severity_before in ('urgent', 'complex', 'normal')),
    rating text check (rating in ('satisfied', 'acceptable', 'not_satisfied')),
    changed_at timestamptz,                   -- when the source last changed its row, where it says so
    unique nulls not distinct (report_id, at, kind, from_unit_id, to_unit_id),
    check ((kind = 'rated') = (rating is not null)),
    check (at is not null or kind in ('rated', 'answered'))
);

-- What the city's file of reports says of a report that has such steps. An import of that file compares its rows with
-- this, because the report itself is what its steps made of it.
create table report_as_imported (
    report_id bigint primary key,
    category_id smallint not null references category,
    severity text not null,
    unit_id integer references unit,
    received_at timestamptz,
    due_at timestamptz,
    status text not null,
    ended_at timestamptz,
    ended_known boolean not null default true,
    reopen_count smallint not null,
    transfer_count smallint not null
);

alter table imported_step enable row level security;
alter table report_as_imported enable row level security;

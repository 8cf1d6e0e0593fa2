-- What the importer knows of a report's rows, so that the newest row of a source wins whatever order its files come in.

alter table report_source
    -- When the source last changed the row that the report was read from; null where the source does not say.
    add column source_changed_at timestamptz,
    -- When a newer row of the report was rejected, and why: what is kept may be out of date. The next good row empties both.
    add column stale_since timestamptz,
    add column stale_reason text,
    -- When the source had changed that newer row; null where it does not say.
    add column stale_changed_at timestamptz,
    add constraint report_source_stale check ((stale_since is null) = (stale_reason is null));

create index report_source_stale on report_source (report_id) where stale_since is not null;

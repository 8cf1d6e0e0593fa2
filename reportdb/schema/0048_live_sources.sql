-- Sources that are read again and again: an Open311 server that is polled, another system's database. Only the owner
-- reads and writes these tables; screens see the age of a source in `feed`, by channel.

-- How far a source has been read. Written in the transaction that writes its reports, so that a killed reader begins
-- again exactly where its last commit ended.
create table live_source (
    name text primary key,  -- how it is read and the name in the mapping: 'open311 boston', 'sync hanoi reports'
    position timestamptz not null,  -- by the source's clock: every change before it has been read
    delivered_at timestamptz not null,  -- by our clock: what the source held then is in the database
    expected_every interval not null,  -- how often it is read
    -- A server that cannot be asked for changes is read again as a whole, in rounds from the newest to the oldest.
    oldest timestamptz,  -- where a round ends
    round_begun_at timestamptz,  -- when the present round began
    round_down_to timestamptz  -- how far the present round has come
);

-- The channels whose reports came from a source.
create table live_source_channel (
    name text not null references live_source on delete cascade,
    channel_id smallint not null references channel,
    primary key (name, channel_id)
);
create index live_source_channel_channel on live_source_channel (channel_id);

-- When each channel last delivered, and how often it should, in seconds.
select
    channel.code, channel.name_vi, channel.name_en, feed.last_delivery_at,
    cast(extract(epoch from feed.expected_every) as double precision) as expected_seconds
from feed join channel on channel.id = feed.channel_id
order by channel.id

-- What is open is searched among itself: a few per cent of all that was ever said, and what is asked for most.
create index report_open_words on report using gin (words) where ended_at is null;

-- Masked words and words to search by become columns that triggers write.
--
-- As generated columns they were computed for every row that was written, by one process, even if its texts are common:
-- two thirds of the time of a first load. Of ten million reports most share their titles, their kinds and their streets
-- with others, so a load that switches the triggers off masks each text once (reportdb/fast_lane/). Whoever writes without
-- switching them off cannot give other words than these; `python -m reportdb check` works them out again.

alter table report alter column masked_title drop expression, alter column masked_text drop expression,
    alter column masked_address drop expression, alter column masked_answer drop expression,
    alter column words drop expression;

-- A masked text as it is searched. Numbered positions keep words that stand side by side side by side.
create function search_words(words text) returns tsvector
language sql immutable parallel safe
return coalesce(to_tsvector('simple', regexp_replace(plain(words), '[\W_]+', ' ', 'g')), '');

-- The marks by which a report's places, unit and category are found; no text can hold them (01_search.sql).
create function search_marks(district_id integer, ward_id integer, unit_id integer, category_id integer)
returns tsvector
language sql immutable parallel safe
return array_to_tsvector(array_remove(array[
    '=d' || cast(district_id as text), '=w' || cast(ward_id as text), '=u' || cast(unit_id as text),
    '=c' || cast(category_id as text)], null));

-- All that a report is found by: its masked words, each text's after the other's, and its marks.
create function set_words() returns trigger
language plpgsql
as $$
begin
    new.words := search_words(new.masked_title) || search_words(new.masked_text) || search_words(new.masked_address)
        || search_marks(new.district_id, new.ward_id, new.unit_id, new.category_id);
    return new;
end
$$;

create function set_masked_words() returns trigger
language plpgsql
as $$
begin
    new.masked_title := masked(new.title);
    new.masked_text := masked(new.text);
    new.masked_address := masked(new.address);
    new.masked_answer := masked(new.answer);
    return new;
end
$$;

-- In the order of their names: the words are made of what is masked by then.
create trigger set_masked_words before insert or update of
    title, text, address, answer, masked_title, masked_text, masked_address, masked_answer on report
    for each row execute function set_masked_words();
create trigger set_words before insert or update of
    title, text, address, masked_title, masked_text, masked_address, district_id, ward_id, unit_id, category_id, words
    on report for each row execute function set_words();

drop function searchable;

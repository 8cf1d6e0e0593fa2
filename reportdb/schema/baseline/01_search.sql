-- How text is compared and searched.

-- Text as it is searched: composed or decomposed, with or without diacritics, upper or lower case, đ as d.
create function plain(words text) returns text
language sql immutable strict parallel safe
return lower(translate(
    regexp_replace(normalize(words, NFD), '[\u0300-\u036f]', '', 'g'), 'Đđ', 'dd'));

-- What a report is found by: its words, and its places, unit and category as marks that no text can hold
-- (=d district, =w ward, =u unit, =c category). So one index answers "rac thai dong da", whether the words stand in the
-- text or name the category and the district.
create function searchable(
    words text, district_id integer, ward_id integer, unit_id integer, category_id integer)
returns tsvector
language sql immutable parallel safe
return to_tsvector('simple', regexp_replace(plain(words), '[\W_]+', ' ', 'g'))
    || array_to_tsvector(array_remove(array[
        '=d' || cast(district_id as text), '=w' || cast(ward_id as text), '=u' || cast(unit_id as text),
        '=c' || cast(category_id as text)], null));

-- What a viewer typed, as plain words.
select btrim(regexp_replace(plain(:typed), '[\W_]+', ' ', 'g')) as words

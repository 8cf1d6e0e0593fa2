-- What a viewer typed, as plain words, masked as the words of reports are that it is compared with.
select btrim(regexp_replace(plain(masked(cast(:typed as text))), '[\W_]+', ' ', 'g')) as words

-- What the city published about any report: of each kind, whether there is anything.
select distinct kind from source_word

-- What the dashboard's role must not be able to do.
insert into channel (id, code, name_vi, name_en) values (9, 'x', 'x', 'x')

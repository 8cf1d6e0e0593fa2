-- Whether any report has a public code of this form.
select exists (select from report where public_code like cast(:code as text)) as known

-- Whether what happened is counted beforehand; no row where it is not.
select open_to from summary_state

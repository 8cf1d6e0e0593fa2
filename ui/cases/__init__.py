"""Lists of cases, one case and its history, the worklist, exports."""

"""The steps that a city's files tell of its reports, and what they make of them.

`imported_step` keeps the steps as told, `report_as_imported` what the file of reports says. From both, this room works
out report_event, report_past and the report itself, as a live system would have written them. Knows no files.
"""

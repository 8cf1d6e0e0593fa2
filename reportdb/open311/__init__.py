"""Open311 GeoReport v2: a city's server that is polled for new and changed requests, and files in the same form.

`client` asks politely, `answers` reads JSON and XML, `windows` finds all requests of a span of time in spite of paging
and limits, `polling` brings a city's requests up to date, `requests` says what a request means in columns, `bulk` reads
files. docs/open311.md describes the commands.
"""

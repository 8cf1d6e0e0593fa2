"""What a city can bring besides its reports, each kind by a file and a mapping: ratings, answers, events, accounts,
feeds, contacts, officers, units, rules of deadlines.

One file a kind: its keys, its rows, and how it is written. docs/import-others.md describes the keys.
"""

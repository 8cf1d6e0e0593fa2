"""How times are spelled: ISO 8601, formats of strptime, counts of seconds or days, zones and halves of the day.

Text in, a clock time out. Knows no mapping and no row, and imports nothing of ours.
"""

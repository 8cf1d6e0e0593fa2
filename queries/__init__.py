"""Every question to the report database: one `.sql` and one typed function each. Never draws."""

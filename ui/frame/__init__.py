"""The frame of every page: header, navigation, filter bar. Imports all rooms; no room imports it."""

"""The live map's page and the overview's map.

Their modes, panels, replay, and the map for browsers without WebGL.
Imports `base`, `address`, `figures` and `map`.
"""

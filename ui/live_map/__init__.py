"""The live map page, the maps of the overview and of a unit, with their panels, replay, and the map without WebGL."""

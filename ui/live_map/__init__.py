"""The live map page and the overview's map, with their panels, replay, and the map without WebGL."""

"""What every map is drawn with.

Layers, colour scales, marks, areas as SVG, and the routes that serve map data. The live map's page is `ui/live_map`.
Imports `base`, `address`, `live` and `access`.
"""

"""What every map is drawn with: layers, colours, areas as SVG, and the routes that serve map data."""

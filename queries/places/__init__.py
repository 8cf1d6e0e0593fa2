"""Where reports lie: map points, squares, areas."""

"""A screen on a wall: its scenes, its token, and which screens were last seen."""

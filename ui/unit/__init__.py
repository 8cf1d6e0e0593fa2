"""How units and places do: the backlog's tables, leaderboards with intervals, one unit beside the city, signals."""

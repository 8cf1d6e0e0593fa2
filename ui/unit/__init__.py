"""How units do: leaderboards and their intervals, one unit beside the city, signals."""

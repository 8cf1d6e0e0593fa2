"""What is counted: figures, periods, days, changes, rankings, the city's own figures."""

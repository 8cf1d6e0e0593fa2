"""What is counted: figures, periods, days, changes, rankings, signals, the city's own figures.

Imports `registry`, `engine` and `privacy`.
"""

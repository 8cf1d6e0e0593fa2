"""What is counted: the registry of figures, periods, days, changes, rankings, the city's own figures.

Imports `engine`.
"""

"""What a viewer chooses and the address keeps.

Links that carry the choices, filters, periods and moments read from the URL, and the controls that change the URL.
Imports `base`.
"""

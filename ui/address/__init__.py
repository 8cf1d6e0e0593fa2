"""What a viewer chooses and the address keeps: links, filters in the address, moments, periods. Imports `base`."""

"""The viewer's choices in the address: links, filters, moments, periods. Imports `base`."""

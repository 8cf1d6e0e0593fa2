"""A file of any kind of data besides reports: the keys all mappings share, a row's values, the account, one import.

Knows no kind of data; reportdb/city_data holds them.
"""

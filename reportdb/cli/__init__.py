"""The commands of `python -m reportdb`, one file a family. Imports `reportdb` and nothing else of ours."""

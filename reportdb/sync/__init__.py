"""Another system's database, read live: new and changed rows, again and again, through the same mapping as a file.

`source` reads the other database, `syncing` brings its rows into ours. docs/sync.md describes the command.
"""

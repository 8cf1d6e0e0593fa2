"""How the dashboard's process starts and what it reads from disk. May import nothing of ours outside this room."""

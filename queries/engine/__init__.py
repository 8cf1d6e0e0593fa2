"""How questions reach the database: connections, scopes and what proves them. Imports `queries` and nothing of ours."""

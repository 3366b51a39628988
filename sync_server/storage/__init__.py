"""What the server keeps: one contract, run on SQLite and PostgreSQL."""

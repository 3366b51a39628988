"""The versions of the database: one file each, run by alembic in order."""

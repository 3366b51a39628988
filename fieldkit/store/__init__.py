"""The encrypted database on the laptop."""

"""Thai ids, dates, text and areas: pure functions and data."""

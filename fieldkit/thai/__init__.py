"""Thai rules for software: numbers, dates, text, phones and areas; pure functions."""

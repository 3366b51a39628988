"""The casework: persons, referrals, follow-ups, duplicates and consent."""

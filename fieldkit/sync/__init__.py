"""What travels: batches, envelopes, rosters, receipts, pages and the session."""

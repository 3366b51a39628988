"""The core: holds the province's key, verifies, merges and answers. No HTTP here."""

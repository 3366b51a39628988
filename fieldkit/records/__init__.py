"""The record, the change that a save makes, and their history."""

"""The published forms, lists, wire formats and test vectors: data, no code."""

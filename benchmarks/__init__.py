"""The measures: how fast, how small and how frugal FieldKit is, against set targets."""

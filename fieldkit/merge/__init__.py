"""The merge: what two people wrote, side by side, and how a person settles it."""

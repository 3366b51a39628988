"""Each version, and how it is made from the one before."""

"""The province's server: a relay that holds no key, and the core that does."""

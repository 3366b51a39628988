"""The one place that draws randomness, so that one place can be replaced."""

import secrets


class SystemRandom:
    """Chance from the operating system."""

    def bytes(self, count: int) -> bytes:
        """Return ``count`` bytes from the operating system."""
        return secrets.token_bytes(count)


SYSTEM = SystemRandom()


def random_bytes(count: int) -> bytes:
    """Return ``count`` bytes that nobody can foretell."""
    return SYSTEM.bytes(count)

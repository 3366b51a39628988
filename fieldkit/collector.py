"""The collector of cyclic garbage rests while work is done in bulk.

Thousands of small objects are made and kept at once then, none of them in a circle, and
looking for circles among them costs up to half of the time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[None]:
    """Return a context in which nothing is looked for; may be entered again inside."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

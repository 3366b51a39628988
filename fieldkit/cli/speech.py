"""The language of the command line: Thai first, English beside it."""

import os
import sys
from collections.abc import Sequence
from typing import Final

from fieldkit.errors import Language

VARIABLE: Final = "FIELDKIT_LANG"


def _language_of(arguments: Sequence[str]) -> Language:
    """Return the language asked for: by an argument, else by the environment."""
    wanted = os.environ.get(VARIABLE, "th")
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            wanted = arguments[place + 1]
        elif argument.startswith("--lang="):
            wanted = argument.removeprefix("--lang=")
    return "en" if wanted.lower().startswith("en") else "th"


# Help is made when the commands are read in, so the language must be known by then.
_spoken: list[Language] = [_language_of(sys.argv[1:])]


def language() -> Language:
    """Return the language that is spoken now."""
    return _spoken[0]


def speak(wanted: str | None) -> None:
    """Speak ``wanted`` from now on; None means as the environment says."""
    _spoken[0] = _language_of(["--lang", wanted] if wanted else [])


def counted(number: int, noun: str) -> str:
    """Return so many of something in English.

    >>> counted(1, "record"), counted(0, "record"), counted(2, "batch")
    ('1 record', '0 records', '2 batches')
    """
    ending = "es" if noun.endswith("ch") else "s"
    return f"{number} {noun if number == 1 else noun + ending}"


def tell(thai: str, english: str) -> str:
    """Return the text in the language that is spoken now."""
    return english if language() == "en" else thai

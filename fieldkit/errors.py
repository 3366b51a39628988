"""Every error FieldKit raises, in one tree.

::

    FieldKitError               .code ("store.passphrase"), details as keywords
    ├── FormError               a form file cannot be used (sheet, row, column)
    │   └── ExpressionError     an expression in it is wrong     (offset)
    ├── AnswerError             a typed value does not fit       (path)
    ├── CodecError              bytes not canonical, or over their limit
    ├── CryptoError
    │   ├── NotARecipientError  not sealed to this key
    │   └── BadSignatureError   not signed by whom it names
    ├── ProtocolError           abstract
    │   ├── LocalProtocolError  we used a session out of order
    │   └── RemoteProtocolError the other side sent what it must not
    ├── StoreError
    │   ├── StoreLockedError    wrong passphrase, or another program holds it
    │   ├── NewerStoreError     written by a newer program; nothing was touched
    │   └── DamagedStoreError   not a database of ours, or damaged
    ├── TransportError          no connection; the work is safe here
    ├── AccessError             the roster does not allow it
    └── NotFoundError           no such record, form or conflict

Merging has no error: a conflict is data. Each code has a text in ``errors.toml``
in Thai and English that says what happened, that the work is safe, and what to do
next; ``docs/errors.md`` is made from it.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import ClassVar, Literal

Language = Literal["th", "en"]


@cache
def _texts() -> dict[str, dict[str, str]]:
    text = resources.files("fieldkit").joinpath("errors.toml").read_text("utf-8")
    return tomllib.loads(text)


class _Details(dict[str, object]):
    """Details of an error; a missing one prints as its name, never a KeyError."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class FieldKitError(Exception):
    """The root of every error; ``code`` is stable, ``details`` fill its text."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code, details)
        self.code = code
        self.details = details

    def message(self, language: Language = "en") -> str:
        """Return what happened, in one sentence."""
        return self._text(language)

    def hint(self, language: Language = "en") -> str:
        """Return what to do next, or an empty string."""
        return self._text(f"todo_{language}")

    def _text(self, key: str) -> str:
        text = _texts().get(self.code, {}).get(key, "")
        filled = text.format_map(_Details(self.details))
        if filled or key.startswith("todo"):
            return filled
        return f"{self.code} {self.details}"

    def __str__(self) -> str:
        return " ".join(part for part in (self.message(), self.hint()) if part)


class FormError(FieldKitError):
    """A form file cannot be used as it stands."""

    exit_code = 3


class ExpressionError(FormError):
    """An expression is wrong; ``offset`` counts characters from 0."""


class AnswerError(FieldKitError):
    """A typed value does not fit its question."""

    exit_code = 4


class CodecError(FieldKitError):
    """Bytes are not canonical, or over their limit."""

    exit_code = 5


class CryptoError(FieldKitError):
    """A key, seal or signature cannot be used."""

    exit_code = 5


class NotARecipientError(CryptoError):
    """The bytes are not sealed to this key, or were altered."""


class BadSignatureError(CryptoError):
    """The bytes are not signed by the key they name."""


class ProtocolError(FieldKitError):
    """Abstract: raise one of its two children."""

    exit_code = 6


class LocalProtocolError(ProtocolError):
    """We used a session out of order: a fault of ours."""


class RemoteProtocolError(ProtocolError):
    """The other side sent what it must not."""


class StoreError(FieldKitError):
    """The database on this machine cannot be used."""

    exit_code = 7


class StoreLockedError(StoreError):
    """Wrong passphrase, or another program holds the database."""


class NewerStoreError(StoreError):
    """A newer program wrote this database; nothing was touched."""


class DamagedStoreError(StoreError):
    """Not a database of ours, or damaged."""


class TransportError(FieldKitError):
    """The other side was not reached; the work is safe here."""

    exit_code = 8


class AccessError(FieldKitError):
    """The roster, an invitation or a role does not allow it."""

    exit_code = 9


class NotFoundError(FieldKitError):
    """There is no such record, form, conflict or area."""

    exit_code = 10


def described(error: Exception) -> FieldKitError:
    """Return what a person is told of an error that is none of ours.

    Nothing of what the error says is told: that may hold somebody's answers.
    """
    if isinstance(error, UnicodeError):
        return CodecError("codec.text")
    if isinstance(error, OSError):
        return StoreError("store.disk", reason=error.strerror or type(error).__name__)
    trace, place = error.__traceback__, "?"
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{code.co_qualname}:{trace.tb_lineno}"
        trace = trace.tb_next
    return FieldKitError("program.fault", fault=f"{type(error).__name__} {place}")

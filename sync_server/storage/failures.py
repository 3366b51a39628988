"""Database errors: the one place where a driver's becomes one of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

import psycopg
import sqlalchemy.exc
from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit.errors import DamagedStoreError, StoreError, StoreLockedError

_Kind: TypeAlias = tuple[type[StoreError], str]

_FULL: Final[_Kind] = (StoreError, "storage.full")
_BUSY: Final[_Kind] = (StoreLockedError, "storage.busy")
_KEY: Final[_Kind] = (StoreLockedError, "storage.key")
_DAMAGED: Final[_Kind] = (DamagedStoreError, "storage.damaged")
_GONE: Final[_Kind] = (StoreError, "storage.gone")

# https://sqlite.org/rescode.html: primary codes, the lowest byte.
_SQLITE: Final[dict[int, _Kind]] = {
    5: _BUSY,
    6: _BUSY,
    8: _GONE,  # read only
    10: _GONE,  # input or output failed
    11: _DAMAGED,
    13: _FULL,
    14: _GONE,  # cannot be opened
    26: _KEY,  # not a database, or not with this key
}
# https://www.postgresql.org/docs/18/errcodes-appendix.html: a code, or its class.
_POSTGRES: Final[dict[str, _Kind]] = {
    "08": _GONE,
    "25006": _GONE,  # read only
    "28": _KEY,
    "3D": _GONE,  # no such database
    "40001": _BUSY,
    "40P01": _BUSY,
    "53100": _FULL,
    "53300": _BUSY,
    "55P03": _BUSY,
    "57P": _GONE,
    "58": _GONE,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}


@contextmanager
def told_plainly() -> Iterator[None]:
    """Raise a driver's error as ours; one that is a fault of ours stays as it is."""
    try:
        yield
    except (sqlcipher.Error, psycopg.Error, sqlalchemy.exc.SQLAlchemyError) as error:
        kind = _kind(error)
        if kind is None:
            raise
        error_class, code = kind
        raise error_class(code) from error


def busy() -> StoreError:
    """Return the error of a database that another writer holds."""
    return StoreLockedError("storage.busy")


def _kind(error: Exception) -> _Kind | None:
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return _BUSY
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    if isinstance(cause, psycopg.Error):
        return _postgres_kind(cause)
    return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)


def _postgres_kind(error: psycopg.Error) -> _Kind | None:
    state = error.sqlstate
    if state is None:  # never reached the server, or lost it
        return _GONE if isinstance(error, psycopg.OperationalError) else None
    return next(
        (_POSTGRES[state[:n]] for n in (5, 3, 2) if state[:n] in _POSTGRES), None
    )

"""The province that a command works on."""

from datetime import UTC, datetime
from pathlib import Path

import typer

from sync_server.opening import Opened, SystemClock, open_province
from sync_server.settings import Settings


def settings_of(ctx: typer.Context) -> Settings:
    """Return the settings, for the folder that the command line names."""
    folder = ctx.find_root().obj
    assert isinstance(folder, Path)
    return Settings(dir=folder)


def opened(ctx: typer.Context) -> Opened:
    """Return the province in the folder that the command line names."""
    return open_province(settings_of(ctx))


def now_ms() -> int:
    """Return the time, as this machine believes it."""
    return SystemClock().now_ms()


def iso_time(moment_ms: int) -> str:
    """Return a time as programs read it (ISO 8601)."""
    moment = datetime.fromtimestamp(moment_ms / 1_000, UTC)
    return moment.isoformat(timespec="milliseconds")

"""Serving: the server's own process, on this machine alone unless told otherwise."""

import os
import socket
from pathlib import Path
from typing import Annotated

import typer

from fieldkit.errors import TransportError
from sync_server.cli.place import opened
from sync_server.cli.speech import note, tell

_BACKLOG = 256


def serve(
    ctx: typer.Context,
    host: Annotated[
        str, typer.Option(help=tell("ที่อยู่ที่เปิดรับ", "Address to listen on."))
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help=tell("0 = เลือกให้", "0 = any."))
    ] = 0,
    port_file: Annotated[
        Path | None,
        typer.Option(help=tell("ไฟล์ที่จะเขียนพอร์ต", "File to write the port to.")),
    ] = None,
    relay_only: Annotated[
        bool, typer.Option(help=tell("เก็บและส่งต่อเท่านั้น", "Keep envelopes, open none."))
    ] = False,
) -> None:  # fmt: skip
    """Serve until told to stop; the address is printed alone on a line."""
    from sync_server.serving import open_site, run

    province = opened(ctx)
    with open_site(province, with_core=not relay_only) as site:
        listening = _listen(host, port)
        number = listening.getsockname()[1]
        if port_file is not None:
            _write_whole(port_file, f"{number}\n")
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"http://{shown}:{number}")
        note("หยุดด้วย Ctrl-C", "Stop with Ctrl-C.")
        run(site, listening)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise TransportError("serving.address", host=host, port=port) from error


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, "utf-8")
    os.replace(beside, path)  # noqa: PTH105 - replaces on Windows too

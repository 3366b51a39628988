"""``fieldkit enrol``: an invitation and a PIN make a workspace."""

from pathlib import Path
from typing import Annotated

import typer

from fieldkit.cli.screen import say
from fieldkit.cli.speech import tell
from fieldkit.cli.workspace import passphrase, place_of


def enrol(
    ctx: typer.Context,
    invitation: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help=tell("ไฟล์คำเชิญ", "The invitation.")
        ),
    ],
    pin: Annotated[
        str, typer.Option(help=tell("รหัส 6 หลักที่ได้ฟังมา", "The 6 digits you were told."))
    ] = "",
) -> None:
    """Make a workspace out of an invitation; no network is needed."""
    from fieldkit.client.files import read_whole
    from fieldkit.client.workspace import Workspace
    from fieldkit.sync.invitation import INVITATION_BYTES_MAX

    directory = place_of(ctx).path
    data = read_whole(invitation, bytes_max=INVITATION_BYTES_MAX)
    told = pin or typer.prompt(tell("รหัส PIN", "PIN"), hide_input=True, err=True)
    secret = passphrase(new=True)
    Workspace.enrol(directory, data, told, secret)
    with Workspace.open(directory, secret) as ws:
        status = ws.status()
    areas = ", ".join(status.areas)
    say(
        f"พร้อมทำงานแล้ว: {status.name} · {status.province} · พื้นที่ {areas}",
        f"Ready: {status.name} · {status.province} · areas {areas}",
    )

"""Serving: one site over one province, and the process that runs it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from fieldkit.errors import StoreLockedError
from sync_server.answering import Answering
from sync_server.app import make_app
from sync_server.journal import try_lock
from sync_server.opening import Opened, SystemClock
from sync_server.routes.site import Site

SERVING = "serving.lock"
STOP_TIMEOUT_S = 10


@contextmanager
def alone(province: Opened) -> Iterator[None]:
    """Hold the province, so that no second server, and no restore, runs beside.

    Raises:
        StoreLockedError: one does.
    """
    with try_lock(province.settings.dir / SERVING) as is_ours:
        if not is_ours:
            raise StoreLockedError("serving.busy", folder=str(province.settings.dir))
        yield


@contextmanager
def open_site(province: Opened, *, with_core: bool = True) -> Iterator[Site]:
    """Give the site of a province, and close its database at the end."""
    with alone(province):
        storage = province.open_storage()
        try:
            answering = None
            if with_core:
                core = province.open_core(storage)
                key = province.keys.receipt
                answering = Answering(core, province.ledger, storage, key)
            relay = province.open_relay(storage)
            most = province.settings.envelope_bytes_max
            yield Site(relay, answering, SystemClock(), most)
        finally:
            storage.close()


def run(site: Site, listening: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C; requests that have begun are finished.

    No header that says nothing: a sync with nothing to do is a few hundred bytes.
    """
    config = uvicorn.Config(
        make_app(site),
        server_header=False,
        date_header=False,
        access_log=False,
        log_level="warning",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
    )
    uvicorn.Server(config).run(sockets=[listening])

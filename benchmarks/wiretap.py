"""The wire tap: a relay on this machine that counts what HTTP carries each way."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_CHUNK: Final = 1 << 16
_HEAD_END: Final = b"\r\n\r\n"
_LINE_END: Final = b"\r\n"


@dataclass(slots=True)
class Direction:
    """What went one way.

    Attributes:
        messages: requests, or answers.
        head_bytes: their first lines and headers.
        body_bytes: their bodies as they travelled.
    """

    messages: int = 0
    head_bytes: int = 0
    body_bytes: int = 0

    @property
    def bytes(self) -> int:
        """Return all of it."""
        return self.head_bytes + self.body_bytes


@dataclass(slots=True)
class Traffic:
    """What went up to the server, and what came down."""

    up: Direction = field(default_factory=Direction)
    down: Direction = field(default_factory=Direction)


class HttpCounter:
    """Counts the HTTP/1.1 messages in one direction of one connection."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._waiting = b""
        self._body_left = 0
        self._chunked = False

    def feed(self, data: bytes) -> None:
        """Count the next bytes."""
        self._waiting += data
        while self._waiting and self._step():
            pass

    def _step(self) -> bool:
        """Take one thing off what waits; return whether there was a whole one."""
        if self._body_left:
            taken = min(self._body_left, len(self._waiting))
            self._body_left -= taken
            return self._take_body(taken)
        if self._chunked:
            return self._take_chunk_line()
        return self._take_head()

    def _take_head(self) -> bool:
        head, end, rest = self._waiting.partition(_HEAD_END)
        if not end:
            return False
        self._direction.messages += not head.startswith(b"HTTP/1.1 1")
        self._direction.head_bytes += len(head) + len(end)
        self._waiting = rest
        for line in head.lower().split(_LINE_END)[1:]:
            name, _, value = line.partition(b":")
            if name == b"content-length":
                self._body_left = int(value)
            elif name == b"transfer-encoding":
                self._chunked = b"chunked" in value
        return True

    def _take_chunk_line(self) -> bool:
        line, end, _ = self._waiting.partition(_LINE_END)
        if not end:
            return False
        size = int(line.partition(b";")[0], 16)
        self._take_body(len(line) + len(end))
        self._body_left = size + len(_LINE_END)
        self._chunked = size > 0
        return True

    def _take_body(self, count: int) -> bool:
        self._direction.body_bytes += count
        self._waiting = self._waiting[count:]
        return True


class _Tap(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    traffic: Traffic
    server_at: tuple[str, int]


class _Relay(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        tap = self.server
        assert isinstance(tap, _Tap)
        with socket.create_connection(tap.server_at) as server:
            up, down = HttpCounter(tap.traffic.up), HttpCounter(tap.traffic.down)
            back = threading.Thread(target=_pump, args=(server, self.request, down))
            back.start()
            _pump(self.request, server, up)
            back.join()


def _pump(source: socket.socket, target: socket.socket, counter: HttpCounter) -> None:
    """Carry and count until one side closes."""
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            counter.feed(data)
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def tapped(url: str) -> Iterator[tuple[str, Traffic]]:
    """Give an address that leads to ``url``, and what has passed through it."""
    parts = urlsplit(url)
    with _Tap(("127.0.0.1", 0), _Relay) as tap:
        tap.traffic = Traffic()
        tap.server_at = (parts.hostname or "127.0.0.1", parts.port or 80)
        thread = threading.Thread(target=tap.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{tap.server_address[1]}", tap.traffic
        tap.shutdown()

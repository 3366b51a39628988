"""A bad line: a proxy that cuts a connection at the n-th byte, up or down."""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit


class BadLine:
    """Stands between a laptop and a server; a context manager."""

    def __init__(self, url: str, *, up: int = 1 << 40, down: int = 1 << 40) -> None:
        parts = urlsplit(url)
        assert parts.port is not None
        self._server = (parts.hostname or "", parts.port)
        self._left = {"up": up, "down": down}
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.cuts = 0

    def __enter__(self) -> "BadLine":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._server)
                for way, one, other in (("up", near, far), ("down", far, near)):
                    threading.Thread(
                        target=self._carry, args=(way, one, other), daemon=True
                    ).start()

    def _carry(self, way: str, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                with self._lock:
                    kept = data[: self._left[way]]
                    self._left[way] -= len(kept)
                other.sendall(kept)
                if len(kept) < len(data):
                    self.cuts += 1
                    break
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

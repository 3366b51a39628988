"""HTTP: one kept connection to the province's server, or to a hub beside the road.

Nothing is believed of what comes back: it is signed or sealed inside. What is told
apart here is only whether it may be an answer at all: a hotel's login page is not.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from fieldkit.codec import decode
from fieldkit.errors import AccessError, CodecError, RemoteProtocolError, TransportError
from fieldkit.sync.asking import Send
from fieldkit.sync.envelope import envelope_id

CONNECT_S: Final = 10.0
READ_S: Final = 90.0
WHOLE_BYTES_MAX: Final = 512 << 10
"""Envelopes up to this size are sent whole; larger ones in parts of it."""
ANSWER_BYTES_MAX: Final = 64 << 20
RESUMES_MAX: Final = 8
_CBOR: Final = "application/cbor"
_PROBLEMS: Final = ("application/problem+cbor", "application/problem+json")
_ID_HEADER: Final = "x-envelope-id"
_OK, _STORED, _NOTHING, _PARTIAL = 200, 202, 204, 206
_GONE, _FORBIDDEN, _SERVER = 404, 403, 500
_SMALL: Final = 1 << 20


class Stored(Exception):  # noqa: N818 - no error: a relay keeps it for the core
    """The other side is a relay without its core: it keeps the envelope."""


class HttpLink:
    """One server, spoken to over one connection; a context manager."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = requests.Session()
        self._http.headers.clear()
        # A server on this machine is not reached through a proxy.
        host = urlsplit(self.url).hostname or ""
        self._http.trust_env = host not in {"localhost", "127.0.0.1", "::1"}

    def __enter__(self) -> "HttpLink":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    # --- What a session asks ---

    def exchange(self, message: Send) -> bytes:
        """Return the answer to a message; nothing for a page that is not there.

        Raises:
            TransportError: the server was not reached, or the link broke.
            AccessError: the server does not know this laptop.
            RemoteProtocolError: the server cannot use what was sent.
            Stored: a relay keeps the envelope for later.
        """
        if message.what == "envelope":
            return self.hand_in(message.data)
        return self._ask("pages" if message.what == "page" else "sync", message.data)

    def hand_in(self, envelope: bytes, *, carried: bool = False) -> bytes:
        """Return the sealed answer to an envelope; large ones go on where they broke.

        Args:
            envelope: sealed bytes.
            carried: it is somebody else's: its answer waits for them at the server.

        Raises:
            Stored: a relay keeps it for later.
            TransportError, AccessError, RemoteProtocolError: see ``exchange``.
        """
        if len(envelope) > WHOLE_BYTES_MAX:
            return self._hand_in_parts(envelope, carried=carried)
        path = "/v1/envelopes?carried=true" if carried else "/v1/envelopes"
        with self._request("POST", path, envelope) as response:
            return self._taken(response)

    def mail(self, key_id: bytes, after: int = 0) -> list[tuple[int, bytes]]:
        """Return numbered envelopes that wait for a device, beyond number ``after``."""
        path = f"/v1/mail/{key_id.hex()}?after={after}"
        with self._request("GET", path) as response:
            items = self._decoded(self._whole(response))
        return [(number, envelope) for number, envelope in items]

    def _ask(self, path: str, data: bytes) -> bytes:
        with self._request("POST", f"/v1/{path}", data) as response:
            if response.status_code == _NOTHING:
                return b""
            return self._whole(response)

    # --- Up, in parts ---

    def _hand_in_parts(self, envelope: bytes, *, carried: bool) -> bytes:
        path = f"/v1/envelopes/{envelope_id(envelope).hex()}"
        total = len(envelope)
        with self._request("GET", path) as response:
            received, known = self._decoded(self._whole(response))
        offset = received if known == total and received < total else 0
        while True:
            part = envelope[offset : offset + WHOLE_BYTES_MAX]
            where = f"{path}?offset={offset}&total={total}"
            where += "&carried=true" if carried else ""
            with self._request("PUT", where, part) as response:
                if response.status_code != _PARTIAL:
                    return self._taken(response)
                received, _ = self._decoded(self._whole(response))
            if not offset < received <= total:
                raise TransportError("transport.broken")
            offset = received

    def _taken(self, response: requests.Response) -> bytes:
        body = self._whole(response)
        if response.status_code == _STORED:
            raise Stored
        return body

    # --- One request ---

    @contextmanager
    def _request(
        self, method: str, path: str, data: bytes | None = None, start: int = 0
    ) -> Iterator[requests.Response]:
        headers = {"Accept": _CBOR, "User-Agent": "fk", "Accept-Encoding": "identity"}
        if data is not None:
            headers["Content-Type"] = _CBOR
        if start:
            headers["Range"] = f"bytes={start}-"
        with _translated():
            response = self._http.request(
                method, self.url + path, data=data, headers=headers, stream=True,
                timeout=(CONNECT_S, READ_S), allow_redirects=False,
            )  # fmt: skip
            try:
                self._check(response)
                yield response
            finally:
                response.close()

    def _check(self, response: requests.Response) -> None:
        """Return if this may be an answer of ours.

        Raises:
            TransportError: it is a login page, or the server is in trouble.
            AccessError, RemoteProtocolError: the server says what is wrong.
        """
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        if response.status_code == _NOTHING or kind == _CBOR:
            return
        if kind not in _PROBLEMS:
            if response.status_code >= _SERVER:
                raise TransportError("transport.server", status=response.status_code)
            raise TransportError("transport.not_fieldkit", url=self.url)
        _raise_problem(response.status_code, _read_problem(kind, response.content))

    def _whole(self, response: requests.Response) -> bytes:
        """Return the body; one that breaks off is gone on with, if it has a name."""
        pieces = bytearray()
        try:
            self._read(response, pieces)
        except TransportError:
            name = response.headers.get(_ID_HEADER)
            if name is None:
                raise
            self._resume(f"/v1/pages/{name}", pieces)
        return bytes(pieces)

    def _resume(self, path: str, pieces: bytearray) -> None:
        for attempt in range(RESUMES_MAX):
            try:
                with self._request("GET", path, start=len(pieces)) as response:
                    if response.status_code == _OK:
                        pieces.clear()
                    return self._read(response, pieces)
            except TransportError:
                if attempt + 1 == RESUMES_MAX:
                    raise
        return None

    def _read(self, response: requests.Response, pieces: bytearray) -> None:
        with _translated():
            length = response.headers.get("content-length")
            before = len(pieces)
            for piece in response.iter_content(16 << 10):
                pieces += piece
                if len(pieces) > ANSWER_BYTES_MAX:
                    raise RemoteProtocolError("sync.not_an_answer")
            if length is not None and len(pieces) - before < int(length):
                raise TransportError("transport.broken")

    def _decoded(self, body: bytes) -> Any:
        try:
            return decode(body, bytes_max=ANSWER_BYTES_MAX)
        except CodecError as error:
            raise TransportError("transport.not_fieldkit", url=self.url) from error


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the HTTP library raises inside into an error of ours."""
    try:
        yield
    except (requests.ConnectionError, requests.Timeout) as error:
        raise TransportError("transport.unreachable") from error
    except (
        requests.exceptions.ChunkedEncodingError,
        requests.RequestException,
    ) as error:
        raise TransportError("transport.broken") from error


def _read_problem(kind: str, body: bytes) -> dict[str, Any]:
    try:
        said = decode(body, bytes_max=_SMALL) if "cbor" in kind else json.loads(body)
    except (CodecError, ValueError):
        said = {}
    return said if isinstance(said, dict) else {}


def _raise_problem(status: int, said: dict[str, Any]) -> None:
    told = {
        "reason": said.get("code", ""),
        "told_th": f"{said.get('th', '')} {said.get('todo_th', '')}".strip(),
        "told_en": f"{said.get('en', '')} {said.get('todo_en', '')}".strip(),
    }
    if status == _FORBIDDEN:
        raise AccessError("transport.refused", **told)
    if status >= _SERVER or status == _GONE:
        raise TransportError("transport.trouble", **told)
    raise RemoteProtocolError("transport.rejected", **told)

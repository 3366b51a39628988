"""HTTP that goes wrong: a real socket, a server that misbehaves on purpose."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fieldkit.client.transport_http import WHOLE_BYTES_MAX, HttpLink, Stored
from fieldkit.codec import encode
from fieldkit.errors import AccessError, RemoteProtocolError, TransportError
from fieldkit.sync.asking import Send

CBOR = "application/cbor"
Behave = Callable[[BaseHTTPRequestHandler, bytes], None]


class Misbehaving(ThreadingHTTPServer):
    """A server whose answers a test decides."""

    daemon_threads = True
    behave: Behave


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.behave(self, body)  # type: ignore[attr-defined]

    do_GET = do_POST = do_PUT = _any  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with Misbehaving(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def link_to(server: Misbehaving) -> HttpLink:
    return HttpLink(f"http://127.0.0.1:{server.server_address[1]}")


def reply(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    kind: str = CBOR,
    status: int = 200,
    **more: str,
) -> None:
    handler.send_response(status)
    handler.send_header("content-type", kind)
    handler.send_header("content-length", more.pop("length", str(len(body))))
    for name, value in more.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


ASK = Send("sync", b"question", b"n" * 8)


def test_an_answer_comes_back_as_it_is(server: Misbehaving) -> None:
    server.behave = lambda h, body: reply(h, body + h.path.encode())

    with link_to(server) as link:
        assert link.exchange(ASK) == b"question/v1/sync"
        assert link.exchange(Send("page", b"p", b"n")) == b"p/v1/pages"
        assert link.exchange(Send("envelope", b"e", b"n")) == b"e/v1/envelopes"


@pytest.mark.parametrize("status", [200, 302, 404, 511])
def test_a_login_page_is_no_answer(server: Misbehaving, status: int) -> None:
    server.behave = lambda h, _: reply(h, b"<html>login</html>", "text/html", status)

    with link_to(server) as link, pytest.raises(TransportError) as told:
        link.exchange(ASK)

    wanted = "transport.server" if status == 511 else "transport.not_fieldkit"
    assert told.value.code == wanted


def test_a_link_that_breaks_half_way_is_told(server: Misbehaving) -> None:
    def behave(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        reply(handler, b"half", length="1000")
        handler.close_connection = True

    server.behave = behave

    with link_to(server) as link, pytest.raises(TransportError):
        link.exchange(ASK)


def test_a_page_that_breaks_off_goes_on_where_it_was(server: Misbehaving) -> None:
    page = bytes(range(256)) * 1_000
    asked: list[str] = []

    def behave(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        start = int(handler.headers.get("range", "bytes=0-")[6:-1])
        asked.append(f"{handler.command} {handler.path} {start}")
        rest = page[start:]
        status = 206 if start else 200
        reply(handler, rest[:100_000], status=status, length=str(len(rest)),
              x_envelope_id="ab" * 32)  # fmt: skip
        handler.close_connection = True

    server.behave = behave

    with link_to(server) as link:
        assert link.exchange(Send("page", b"p", b"n")) == page
    assert asked[0] == "POST /v1/pages 0"
    method, path, start = asked[1].split()
    assert (method, path) == ("GET", f"/v1/pages/{'ab' * 32}")
    assert 0 < int(start) <= 100_000


def test_there_may_be_no_further_page(server: Misbehaving) -> None:
    def behave(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(204)
        handler.end_headers()

    server.behave = behave

    with link_to(server) as link:
        assert link.exchange(Send("page", b"p", b"n")) == b""


def test_a_relay_keeps_an_envelope(server: Misbehaving) -> None:
    server.behave = lambda h, _: reply(h, b"\x41\x00", status=202)

    with link_to(server) as link, pytest.raises(Stored):
        link.exchange(Send("envelope", b"e", b"n"))


def test_a_large_envelope_goes_on_where_it_broke(server: Misbehaving) -> None:
    envelope = bytes(WHOLE_BYTES_MAX * 2 + 5)
    kept = bytearray(envelope[:1_000])

    def behave(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if handler.command == "PUT":
            assert f"offset={len(kept)}&" in handler.path
            kept.extend(body)
        if len(kept) == len(envelope):
            return reply(handler, b"taken")
        status = 206 if handler.command == "PUT" else 200
        return reply(handler, encode([len(kept), len(envelope)]), status=status)

    server.behave = behave

    with link_to(server) as link:
        assert link.exchange(Send("envelope", envelope, b"n")) == b"taken"
    assert bytes(kept) == envelope


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, AccessError),
        (409, RemoteProtocolError),
        (421, RemoteProtocolError),
        (404, TransportError),
        (503, TransportError),
    ],
)
def test_what_the_server_says_is_told(
    server: Misbehaving, status: int, kind: type[Exception]
) -> None:
    said = {"code": "some.code", "en": "No.", "th": "ไม่", "todo_en": "", "todo_th": ""}
    media = "application/problem+cbor"
    server.behave = lambda h, _: reply(h, encode(said), media, status)

    with link_to(server) as link, pytest.raises(kind, match=r"No\.") as told:
        link.exchange(ASK)

    assert told.value.details["reason"] == "some.code"  # type: ignore[attr-defined]


def test_nobody_listens() -> None:
    with HttpLink("http://127.0.0.1:9") as link, pytest.raises(TransportError) as told:
        link.exchange(ASK)

    assert told.value.code == "transport.unreachable"


def test_bytes_that_are_no_mail_are_told(server: Misbehaving) -> None:
    server.behave = lambda h, _: reply(h, b"nonsense")

    with link_to(server) as link, pytest.raises(TransportError):
        link.mail(bytes(8))

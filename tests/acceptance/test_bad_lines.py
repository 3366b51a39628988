"""Bad lines: a server that goes away in the middle, and pages that are no answers."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fieldkit.client.enrolment import Means
from fieldkit.client.workspace import Workspace
from fieldkit.crypto.randomness import random_bytes
from fieldkit.errors import (
    FieldKitError,
    TransportError,
)
from tests.acceptance.proxy import BadLine
from tests.acceptance.world import PASSPHRASE, PIN, Centre, Laptop

VILLAGE = "90110103"
NOTE_BYTES, COUNT = 30_000, 80


@pytest.fixture(scope="module")
def laptop(centre: Centre) -> Laptop:
    return centre.laptop("ปลายสาย")


@pytest.fixture(scope="module")
def office(
    centre: Centre, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("office") / "ws"
    file = centre.invite("ผู้ตรวจ", "coordinator", "90")
    Workspace.enrol(folder, file.read_bytes(), PIN, PASSPHRASE, Means())
    with Workspace.open(folder, PASSPHRASE) as one:
        yield one


@pytest.fixture
def ws(laptop: Laptop) -> Iterator[Workspace]:
    with Workspace.open(laptop.folder, PASSPHRASE) as one:
        yield one


# --- The server goes away in the middle ---


def broken(ws: Workspace, url: str) -> TransportError | None:
    """Return how a sync broke off, or None if it came to its end."""
    try:
        ws.sync(url)
    except TransportError as error:
        return error
    return None


@pytest.mark.parametrize("way", ["up", "down"])
@pytest.mark.parametrize("at", [0, 1, 300, 900, 2_000, 5_000])
def test_a_line_cut_at_any_byte_loses_nothing_and_doubles_nothing(
    centre: Centre, ws: Workspace, office: Workspace, way: str, at: int
) -> None:
    name = f"ขาด{way}{at}"
    ws.add("person", {"first_name": name, "village": VILLAGE})

    with BadLine(centre.url, **{way: at}) as line:
        told = broken(ws, line.url)
        assert (told is None) == (line.cuts == 0)
        assert told is None or told.hint("th")

    assert len(ws.find(name)) == 1
    ws.sync(centre.url)
    office.sync(centre.url)
    assert len(office.find(name)) == 1
    assert ws.status().local == 0
    assert ws.digests(["9011"]) == office.digests(["9011"])


@pytest.mark.slow
@pytest.mark.parametrize("way", ["up", "down"])
@pytest.mark.parametrize("at", [200_000, 700_000, 1_100_000])
def test_a_large_batch_goes_on_where_the_line_was_cut(
    centre: Centre, ws: Workspace, office: Workspace, way: str, at: int
) -> None:
    """Sent up in parts, and fetched down by somebody else over the same bad line."""
    name = f"ใหญ่{way}{at}"
    notes = (random_bytes(NOTE_BYTES).hex() for _ in range(COUNT))
    rows = [{"first_name": name, "village": VILLAGE, "note": one} for one in notes]
    assert ws.import_rows("person", enumerate(rows, 1)).saved == COUNT
    one = ws if way == "up" else office
    if way == "down":
        ws.sync(centre.url)

    with BadLine(centre.url, **{way: at}) as line, pytest.raises(TransportError):
        one.sync(line.url)

    ws.sync(centre.url)
    office.sync(centre.url)
    assert len(office.find(name, 1_000)) == COUNT
    assert ws.digests(["9011"]) == office.digests(["9011"])


# --- No answers at all ---

LOGIN = b"<html><title>Wi-Fi</title><form action=/login>\xe0\xb8\x81</form></html>"
CBOR, HTML = "application/cbor", "text/html; charset=utf-8"
ANSWERS = {
    "a login page": (200, HTML, LOGIN, {}),
    "a way to a login page": (302, HTML, b"", {"Location": "http://wifi.example/"}),
    "a login page by its own status": (511, HTML, LOGIN, {}),
    "a login page that says it is CBOR": (200, CBOR, LOGIN, {}),
    "nothing": (200, CBOR, b"", {}),
    "half a message": (200, CBOR, b"\x84\x01\x05", {}),
    "zeros": (200, CBOR, bytes(5_000), {}),
    "gzip": (200, CBOR, gzip.compress(bytes(1 << 20)), {"Content-Encoding": "gzip"}),
    "what is no gzip": (200, CBOR, b"no", {"Content-Encoding": "gzip"}),
    "a page of a proxy": (502, HTML, b"<h1>Bad Gateway</h1>", {}),
    "a server in trouble": (503, "text/plain", b"busy", {}),
    "a problem that is none": (500, "application/problem+json", b"[1", {}),
    "a problem with no words": (422, "application/problem+cbor", b"\xff", {}),
    "a refusal": (403, "application/problem+json", b"{}", {}),
    "too much to ask": (429, HTML, b"slow down", {}),
    "a length that is a lie": (200, CBOR, b"\x84\x01", {"Content-Length": "900"}),
}


@contextmanager
def answering(
    status: int, kind: str, body: bytes, headers: dict[str, str]
) -> Iterator[str]:
    """Give the address of a server that answers everything so."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            told = {"Content-Type": kind, "Content-Length": str(len(body)), **headers}
            for name, value in told.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("what", ANSWERS)
def test_what_is_no_answer_is_told_and_changes_nothing(
    ws: Workspace, what: str
) -> None:
    ws.add("person", {"first_name": "รอส่ง", "village": VILLAGE})
    before = ws.status()

    with answering(*ANSWERS[what]) as url, pytest.raises(FieldKitError) as told:
        ws.sync(url)

    assert told.value.exit_code in {5, 6, 8, 9}
    assert told.value.message("th") != told.value.message("en")
    assert told.value.hint("th")
    after = ws.status()
    assert (after.records, after.local) == (before.records, before.local)


def test_a_login_page_is_told_by_the_command_as_what_it_is(laptop: Laptop) -> None:
    with answering(*ANSWERS["a login page"]) as url:
        told = laptop.refused("sync", "--url", url, code=8)
    away = laptop.refused("sync", "--url", "http://127.0.0.1:9", code=8)

    assert "Wi-Fi" in told.err
    assert "แฟลชไดรฟ์" in away.err


def test_after_all_that_everything_arrives(
    centre: Centre, ws: Workspace, office: Workspace
) -> None:
    waited = ws.status().local

    ws.sync(centre.url)
    office.sync(centre.url)

    assert (ws.status().local, ws.status().waiting) == (0, 0)
    assert len(office.find("รอส่ง", 1_000)) == len(ws.find("รอส่ง", 1_000)) >= 1
    assert waited >= 0


# --- Clocks ---


class Stopped:
    """A clock with an empty battery, or one set to a Buddhist year."""

    def __init__(self, year: int) -> None:
        self.now = int((year - 1970) * 365.2425 * 86_400_000) + 1

    def now_ms(self) -> int:
        self.now += 1
        return self.now


@pytest.mark.parametrize("year", [1970, 2570])
def test_a_clock_far_off_is_flagged_and_work_arrives_all_the_same(
    centre: Centre, laptop: Laptop, office: Workspace, year: int, tmp_path: Path
) -> None:
    means = Means(clock=Stopped(year))
    name = f"นาฬิกา{year}"
    with Workspace.open(laptop.folder, PASSPHRASE, means=means) as ws:
        person = ws.add("person", {"first_name": name, "village": VILLAGE})
        assert ws.status().doubtful_clock
        ws.open_for_edit(person).save({"last_name": "แก้แล้ว"})
        ws.bundle_out(tmp_path / "a.fkb")
        ws.sync(centre.url)

        assert ws.status().local == 0
    office.sync(centre.url)
    assert office.said(office.record(person)).answers["who/last_name"] == "แก้แล้ว"
    office.open_for_edit(person).save({"last_name": "แก้อีก"})
    office.sync(centre.url)
    with Workspace.open(laptop.folder, PASSPHRASE) as ws:
        ws.sync(centre.url)
        assert ws.said(ws.record(person)).answers["who/last_name"] == "แก้อีก"
        assert ws.history(person)[-1].after == "แก้อีก"

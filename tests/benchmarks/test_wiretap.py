"""What went over the wire is counted as it was, however it was cut."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Thread

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.wiretap import Direction, HttpCounter, tapped

TWO_REQUESTS = (
    b"POST /v1/sync HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
    b"GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n"
)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6\r\n there\r\n0\r\n\r\n"
)


@given(cuts=st.lists(st.integers(0, len(TWO_REQUESTS))))
def test_requests_count_the_same_however_they_are_cut(cuts):
    direction = Direction()
    counter = HttpCounter(direction)
    places = [0, *sorted(cuts), len(TWO_REQUESTS)]

    for start, end in pairwise(places):
        counter.feed(TWO_REQUESTS[start:end])

    assert direction.messages == 2
    assert direction.body_bytes == 5
    assert direction.bytes == len(TWO_REQUESTS)


def test_a_chunked_answer_counts_as_it_travelled():
    direction = Direction()

    HttpCounter(direction).feed(CHUNKED)

    head = CHUNKED.index(b"\r\n\r\n") + 4
    assert (direction.messages, direction.head_bytes) == (1, head)
    assert direction.bytes == len(CHUNKED)


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def echo():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_tap_carries_what_it_counts(echo):
    with tapped(echo) as (url, traffic), requests.Session() as session:
        answers = [session.post(url, data=b"x" * size) for size in (3, 100_000)]

    assert [len(answer.content) for answer in answers] == [3, 100_000]
    assert traffic.up.messages == traffic.down.messages == 2
    assert traffic.up.body_bytes == traffic.down.body_bytes == 100_003

"""A real province on disk, a way to ask its app, and a volunteer with real keys."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

from fieldkit.causality import Stamp
from fieldkit.codec import decode
from fieldkit.crypto.escrow import FOR_TESTS
from fieldkit.crypto.hashes import SEED_BYTES
from fieldkit.crypto.keys import Identity, SigningKey, Suite
from fieldkit.crypto.randomness import random_bytes
from fieldkit.crypto.sign import sign
from fieldkit.forms.form import Form
from fieldkit.records.change import Change, identify
from fieldkit.records.edit import create
from fieldkit.sync.batch import (
    BATCH_LABEL,
    FIRST_PREVIOUS,
    BatchHeader,
    cut,
    to_wire,
)
from fieldkit.sync.enrolment import make_enrolment
from fieldkit.sync.envelope import Kind, keys_by_id, open_envelope, seal_envelope
from fieldkit.sync.invitation import Issued, open_invitation
from fieldkit.sync.messages import (
    Answer,
    Request,
    SyncRequest,
    forms_digest,
    read_reply,
    sign_request,
)
from fieldkit.sync.roster import Roster
from sync_server.app import make_app
from sync_server.founding import Foundation, found
from sync_server.issuing import FormReader, Offer
from sync_server.opening import Opened, SystemClock, open_province
from sync_server.serving import open_site
from sync_server.settings import Settings

PIN = "123456"
VILLAGE = "90110103"


def now_ms() -> int:
    return SystemClock().now_ms()


@cache
def _template() -> Path:
    folder = Path(mkdtemp(prefix="fieldkit-test-"))
    foundation = Foundation(
        area="90", name="ศูนย์สงขลา", root_paths=[folder / "keys" / "root.key"]
    )
    found(Settings(dir=folder / "province"), foundation, now_ms())
    return folder


_read: dict[tuple[bytes, ...], dict[str, Form]] = {}


def _forms(reader: FormReader, texts: tuple[bytes, ...]) -> dict[str, Form]:
    if texts not in _read:
        _read[texts] = {form.form_id: form for form in reader(texts)}
    return _read[texts]


def new_province(folder: Path) -> Opened:
    """Return a province of its own, with the shipped forms; root key beside it."""
    shutil.copytree(_template(), folder, dirs_exist_ok=True)
    return open_province(Settings(dir=folder / "province"))


class Said(NamedTuple):
    """What the app answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Asgi:
    """Asks an app in this process, with no socket."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Said:
        return asyncio.run(self._ask(method, path, body, headers or {}))

    async def _ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> Said:
        where, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1",
            "method": method, "scheme": "http", "path": where, "root_path": "",
            "raw_path": where.encode(), "query_string": query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
        }  # fmt: skip
        sent: list[dict[str, Any]] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start = sent[0]
        named = {k.decode(): v.decode() for k, v in start["headers"]}
        body = b"".join(one.get("body", b"") for one in sent[1:])
        return Said(start["status"], named, body)


@contextmanager
def served(province: Opened, *, with_core: bool = True) -> Iterator[Asgi]:
    """Give a client of the province's app."""
    with open_site(province, with_core=with_core) as site:
        yield Asgi(make_app(site))


@dataclass
class Volunteer:
    """One laptop, as the server sees it: its keys, its counter, its batches."""

    roster: Roster
    issued: Issued
    forms: dict[str, Form]
    texts: tuple[bytes, ...]
    key: SigningKey = field(default_factory=SigningKey.generate)
    opening: Identity = field(default_factory=lambda: Identity.generate(Suite.X25519))
    epoch: bytes = field(default_factory=lambda: random_bytes(16))
    seed: bytes = field(default_factory=lambda: random_bytes(SEED_BYTES))
    counter: int = 0
    previous: bytes = FIRST_PREVIOUS

    @classmethod
    def invited(
        cls, province: Opened, role: str = "volunteer", area: str = "9011"
    ) -> "Volunteer":
        offer = Offer(role=role, area=area, name="สมศรี")
        file = province.office.invite(offer, PIN, now_ms(), FOR_TESTS)
        welcome = open_invitation(file, PIN, now_ms(), strength=FOR_TESTS)
        forms = _forms(FormReader(province.ledger), welcome.invitation.forms)
        texts = (*welcome.roster.forms.values(), *welcome.roster.lists.values())
        return cls(welcome.roster, welcome.invitation.issued, forms, texts)

    def enrolment(self) -> bytes:
        plain = make_enrolment(
            self.issued, self.epoch, self.key, self.opening.recipient
        )
        return seal_envelope(Kind.ENROL, plain, self.roster.sealing)

    def batch(self, *names: str) -> bytes:
        """Return the envelope of new persons with these names."""
        written = [
            create(
                self.forms["person"], {"who/first_name": name, "home/village": VILLAGE}
            )
            for name in names
        ]
        first = self.counter + 1
        changes = []
        for layout_and_write in written:
            self.counter += 1
            stamp = Stamp(
                self.epoch, self.counter, self.issued.person, self.issued.role,
                self.roster.version, now_ms(), 0, None,
            )  # fmt: skip
            changes.append(Change(stamp, (layout_and_write[1],)))
        header = BatchHeader(
            province=self.roster.fingerprint, epoch=self.epoch, first=first,
            count=len(changes), previous=self.previous, roster=self.roster.version,
        )  # fmt: skip
        hashes = [identify(change, self.seed).hash for change in changes]
        layouts = {layout.id: layout for layout, _ in written}
        batch = cut(header, changes, hashes, layouts, {0: self.seed})
        self.previous = batch.hash
        data = to_wire(batch, sign(self.key, BATCH_LABEL, batch.hash))
        return seal_envelope(Kind.BATCH, data, self.roster.sealing)

    def request(self, request: Request) -> bytes:
        return sign_request(request, self.key)

    def question(self, **known: Any) -> bytes:
        """Return the signed question of what is new."""
        told = {"roster": self.roster.version, "forms": forms_digest(self.texts)}
        nonce = random_bytes(8)
        one = SyncRequest(epoch=self.epoch, nonce=nonce, **{**told, **known})
        return self.request(one)

    def opened(self, answer: bytes) -> bytes:
        return open_envelope(answer, keys_by_id(self.opening)).plain

    def answer(self, data: bytes) -> Answer:
        """Return an answer, opened if it is sealed, its signature checked."""
        plain = self.opened(data) if data[:1] == b"\x84" else data
        signed = read_reply(plain)
        signed.check(self.roster.receipt_keys)
        assert isinstance(signed.reply, Answer)
        return signed.reply


def numbers(body: bytes) -> Any:
    return decode(body, bytes_max=1 << 20)

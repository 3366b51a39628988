"""A laptop in memory that syncs with a province in memory, message by message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fieldkit.records.change import change_bytes
from fieldkit.records.record import Record
from fieldkit.store.log import Made
from fieldkit.sync.asking import DeviceKeys, Send
from fieldkit.sync.digest import part_digest, total
from fieldkit.sync.envelope import Kind, keys_by_id, seal_envelope
from fieldkit.sync.messages import (
    Answer,
    DigestRequest,
    Digests,
    PageRequest,
    Reply,
    SyncRequest,
    read_request,
    sign_reply,
)
from fieldkit.sync.roster import DeviceCertificate, unfold
from fieldkit.sync.session import Session
from sync_server.core.paging import Pager, Window
from sync_server.core.states import state_of_row
from tests.simulation.author import Author, Saved
from tests.simulation.memory import MemoryReplica
from tests.simulation.province import PlainSeals, Town

ROUNDS_MAX = 400
HEALTH = frozenset({"illness", "finding"})


class TownFacts:
    """Facts of the two forms that a town publishes."""

    def class_of(self, form_id: str, version: int, path: str) -> str:
        del form_id, version
        return "health" if path in HEALTH else "general"

    def searched(self, form_id: str, version: int) -> frozenset[str]:
        del form_id, version
        return frozenset()

    def area_path(self, form_id: str) -> str | None:
        return "village" if form_id == "person" else None


Lose = Callable[[Send], bool]


def never(_message: Send) -> bool:
    return False


@dataclass
class Laptop:
    """One installation with its replica.

    Attributes:
        sent: what every sync sent, in order.
    """

    author: Author
    replica: MemoryReplica = field(default_factory=lambda: MemoryReplica(TownFacts()))
    sent: list[Send] = field(default_factory=list)

    @classmethod
    def enrolled(
        cls, town: Town, area: str = "90", role: str = "volunteer"
    ) -> "Laptop":
        laptop = cls(Author.enrolled(town, area, role))
        laptop.replica.begin_epoch(laptop.author.epoch)
        laptop.replica.add_roster_entries(town.ledger.entries[:1])
        return laptop

    @property
    def town(self) -> Town:
        return self.author.town

    # --- Saving and looking ---

    def keep(self, saved: Saved) -> bytes:
        """Put a save of the author into the replica, and return its first record."""
        author = self.author
        for index, seed in author.seeds.items():
            self.replica.add_seed(author.epoch, index, seed)
        made = Made(saved.change, saved.identity, change_bytes(saved.change))
        with self.replica.transaction():
            self.replica.save(made, author.layouts.values())
        return saved.record

    def new_person(self, name: str = "สมชาย", village: str = "90110101") -> bytes:
        return self.keep(self.author.new_person(village, name))

    def edit(self, record: bytes, **answers: object) -> bytes:
        return self.keep(self.author.edit(self.open(record), answers))

    def open(self, record: bytes) -> Record:
        return self.replica.open_record(record)

    def said(self, record: bytes, register: str = "name") -> list[tuple[object, str]]:
        """Return what a person sees: each value with its mark, sorted."""
        siblings = self.open(record).siblings(register)
        return sorted((str(s.value), s.mark) for s in siblings)

    # --- Syncing ---

    @property
    def keys(self) -> DeviceKeys:
        author = self.author
        return DeviceKeys(
            epoch=author.epoch,
            signing={author.epoch: author.key},
            opening=keys_by_id(author.seal_key),
            random=Chance(self.town),
        )

    def session(self, *, relay_only: bool = False) -> Session:
        return Session(
            self.replica, self.keys, unfold(self.replica.roster_entries()),
            sealer=PlainSeals(), relay_only=relay_only,
        )  # fmt: skip

    def sync(self, lose: Lose = never) -> Session:
        """Sync until nothing is left, or until an answer is lost."""
        session = self.session()
        session.cut()
        for _ in range(ROUNDS_MAX):
            message = session.next_message()
            if message is None:
                return session
            self.sent.append(message)
            answer = answer_of(self.town, message)
            if lose(message):
                return session
            session.receive(message, answer)
        raise AssertionError("a sync must come to rest")


@dataclass
class Chance:
    """A town's one chance, for its laptops."""

    town: Town

    def bytes(self, count: int) -> bytes:
        return self.town.random.randbytes(count)


# --- What the server's edge does ------------------------------------------------------


def answer_of(town: Town, message: Send) -> bytes:
    """Return what a province answers that is reached at once."""
    if message.what == "envelope":
        taken = town.take(message.data)
        reply = answer(town, nonce=message.name[:8], receipt=taken.receipt)
        return sealed(town, town.core.device(taken.epoch), reply)
    signed = read_request(message.data)
    device = town.core.device(signed.request.epoch)
    signed.check(device.verify_key)
    match signed.request:
        case SyncRequest() as request:
            news = town.core.news(request.roster, request.batches)
            reply = answer(
                town, nonce=request.nonce, receipt=news.receipt or None,
                roster_entries=news.roster_entries,
                documents=tuple(town.ledger.texts.items()),
            )  # fmt: skip
            return sealed(town, device, reply)
        case PageRequest() as request:
            window = Window(request.base, request.after, request.head)
            return town.core.page(device.epoch, window) or b""
        case DigestRequest() as request:
            return sign_reply(digests(town, device, request), town.receipt)


def answer(town: Town, nonce: bytes = b"", **said: object) -> Answer:
    """Return an answer as this province gives it now, but for what is ``said``."""
    usual: Mapping[str, object] = {
        "province": town.roster.fingerprint,
        "nonce": nonce,
        "incarnations": town.ledger.incarnations(),
        "head": town.storage.head(),
    }
    return Answer(**{**usual, **said})  # type: ignore[arg-type]


def sealed(town: Town, device: DeviceCertificate, reply: Reply) -> bytes:
    data = sign_reply(reply, town.receipt)
    return seal_envelope(Kind.ANSWER, data, device.recipient, PlainSeals())


def digests(town: Town, device: DeviceCertificate, request: DigestRequest) -> Digests:
    head = town.storage.head()
    contents = Pager(town.storage, town.roster).contents(device, Window(0, 0, head))
    sums: dict[bytes, list[int]] = {}
    for row, record in contents.parts:
        state = state_of_row(row, record)
        one = part_digest(*state.key, state.part, town.core.province.layouts)
        sums.setdefault(state.record_id, []).append(one)
    records = tuple((record, total(found)) for record, found in sorted(sums.items()))
    return Digests(
        province=town.roster.fingerprint, nonce=request.nonce, position=head,
        digest=total(one for found in sums.values() for one in found),
        records=records if request.detail else (),
    )  # fmt: skip

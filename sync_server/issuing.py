"""Issuing: what the province says every day, signed by its issuer key.

Everything goes into the ledger, under its lock, so that a command may speak while the
server runs: the server follows the ledger before it answers the next request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldkit.crypto.escrow import NORMAL, PIN_DIGITS, Strength
from fieldkit.crypto.keys import SigningKey
from fieldkit.crypto.randomness import SYSTEM
from fieldkit.errors import AccessError, FormError
from fieldkit.forms.document import ListDocument, read_form, read_list
from fieldkit.forms.form import Form, parse_form
from fieldkit.ports import Random
from fieldkit.records.layout import CLASSES
from fieldkit.sync.acts import Act
from fieldkit.sync.enrolment import (
    PERSON_BYTES,
    Enrolment,
    certifying_acts,
    judge_enrolment,
    read_enrolment,
)
from fieldkit.sync.invitation import (
    INVITATION_ID_BYTES,
    SECRET_BYTES,
    Invitation,
    Issued,
    invitation_act,
    make_invitation,
)
from fieldkit.sync.roster import Roster, fold, make_entry
from fieldkit.thai.areas import areas
from sync_server.ledger import Ledger, text_act

DAY_MS: Final = 86_400_000
INVITATION_DAYS: Final = 30
PROVINCE: Final = bytes(PERSON_BYTES)
"""The inviter of those whom the province itself invites."""
_PIN_DRAWN_BYTES: Final = 8

_FOR_A_PERSON: Final = frozenset({"", "invitation.used", "invitation.expired"})

_WORK: Final = ("general", "identity", "health")
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "volunteer": _WORK,
    "officer": _WORK,
    "coordinator": (*_WORK, "sensitive"),
    "data_manager": (*_WORK, "sensitive"),
    "auditor": ("general",),
    "protection_officer": (*_WORK, "sensitive", "sealed"),
}
"""The sensitivity classes of each role, unless the invitation says otherwise."""

Text = tuple[str, str, int, bytes]
"""A file to publish: ``form`` or ``list``, its name, its version, its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Whom to invite.

    Attributes:
        role: one of ``ROLES``.
        area: prefix of area codes.
        name: the person's name.
        classes: names of sensitivity classes; empty for those of the role.
        days: how long the invitation may be used.
        urls: where the laptop finds the server.
    """

    role: str
    area: str
    name: str
    classes: tuple[str, ...] = ()
    days: int = INVITATION_DAYS
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A laptop that asks to be certified, and must be looked at by a person.

    Attributes:
        enrolment: what it asks with.
        issued: the invitation it used, or None if that is not known.
        reason: the code of why it was not certified by itself.
    """

    enrolment: Enrolment
    issued: Issued | None
    reason: str

    @property
    def may_be_certified(self) -> bool:
        """Return whether a person's word is all that is missing."""
        return self.reason in _FOR_A_PERSON


class Office:
    """Speaks for the province: one ledger, one issuer key."""

    def __init__(self, ledger: Ledger, key: SigningKey) -> None:
        self._ledger = ledger
        self._key = key

    def issue(self, acts: Sequence[Act], now_ms: int) -> Roster:
        """Add an everyday entry to the roster; return the roster with it."""
        with self._ledger.writing():
            roster = self._ledger.roster()
            entry = make_entry(roster, acts, now_ms, [self._key])
            grown = fold(roster, [entry])
            self._ledger.add_roster_entry(entry)
        return grown

    def publish(self, texts: Iterable[Text], now_ms: int) -> list[Text]:
        """Publish files that are not published yet; return those.

        Raises:
            FormError: a file is no form, or its version has other words already.
        """
        with self._ledger.writing():
            roster = self._ledger.roster()
            new = [text for text in texts if not _is_published(roster, text)]
            _check_forms(new, {**read_lists(self._ledger), **_read_new_lists(new)})
            if new:
                self._ledger.add_texts(new)
                self.issue([text_act(*one) for one in new], now_ms)
        return new

    def add_villages(self, rows: Sequence[Mapping[str, str]], now_ms: int) -> int:
        """Add villages (``code``, ``th``, perhaps ``en``); return how many are new.

        Raises:
            AnswerError: a code that is no village of a known tambon, with its row.
        """
        tree = areas().with_villages(rows)
        known = self._ledger.roster().areas
        wanted = [tree.get(row["code"].strip()) for row in rows]
        acts: list[Act] = [
            ["area", area.code, area.th, area.en]
            for area in wanted
            if known.get(area.code) != (area.th, area.en)
        ]
        if acts:
            self.issue(acts, now_ms)
        return len(acts)

    def invite(
        self, offer: Offer, pin: str, now_ms: int, strength: Strength = NORMAL
    ) -> bytes:
        """Return an invitation file that opens with ``pin``; it is remembered first.

        Raises:
            AccessError: no such role or class, or an area of another province.
        """
        issued = _issued(offer, self._ledger.roster(), now_ms)
        with self._ledger.writing():
            self._ledger.add_issued(issued)
            roster = self.issue([invitation_act(issued, PROVINCE)], now_ms)
            entries = tuple(self._ledger.roster_entries())
        texts = self._ledger.form_texts()
        invitation = Invitation(
            issued=issued,
            roster_entries=entries,
            forms=tuple(texts[one] for one in roster.forms.values()),
            lists=tuple(texts[one] for one in roster.lists.values()),
            server_urls=offer.urls,
        )
        return make_invitation(invitation, pin, self._key, strength)

    # --- Laptops that wait ---

    def waiting(self, asked: Iterable[bytes], now_ms: int) -> list[Waiting]:
        """Return who of those that asked to be certified still waits for a person."""
        self._ledger.refresh()
        devices = self._ledger.roster().devices
        enrolments = [read_enrolment(one) for one in asked]
        return [
            self._judged(one, now_ms) for one in enrolments if one.epoch not in devices
        ]

    def certify(self, one: Waiting, now_ms: int) -> Roster:
        """Certify a laptop that waited; what it sent is taken in with that.

        Raises:
            AccessError: its invitation or its proof is none of ours.
        """
        if one.issued is None or not one.may_be_certified:
            raise AccessError("enrolment.not_ours", device=one.enrolment.epoch.hex())
        return self.issue(certifying_acts(one.issued, one.enrolment), now_ms)

    def _judged(self, enrolment: Enrolment, now_ms: int) -> Waiting:
        name = enrolment.invitation_id
        issued, used_by = self._ledger.issued(name), self._ledger.used_by(name)
        reason = judge_enrolment(enrolment, issued, used_by, now_ms)
        # By now nothing may speak against it, as when a backup was restored.
        return Waiting(enrolment=enrolment, issued=issued, reason=reason)


# --- Forms and lists ------------------------------------------------------------------


def _check_forms(texts: Iterable[Text], lists: Mapping[str, ListDocument]) -> None:
    for kind, name, version, text in texts:
        if kind == "form":
            form = parse_form(read_form(text.decode(), lists=lists))
            if form.key != (name, version):
                raise FormError("form.wrong_place", path=name, row=1, column=1)


def _is_published(roster: Roster, text: Text) -> bool:
    kind, name, version, _ = text
    known = (roster.lists if kind == "list" else roster.forms).get((name, version))
    if known is not None and known != text_act(*text)[-1]:
        raise FormError("form.published", path=f"{name}/{version}", row=1, column=1)
    return known is not None


def _read_new_lists(texts: Iterable[Text]) -> dict[str, ListDocument]:
    return {
        f"{name}/{version}": read_list(text.decode())
        for kind, name, version, text in texts
        if kind == "list"
    }


def read_lists(ledger: Ledger) -> dict[str, ListDocument]:
    """Return the published choice lists, as forms name them."""
    return {
        f"{name}/{version}": read_list(text.decode())
        for (name, version), text in ledger.list_texts().items()
    }


class FormReader:
    """Reads published forms; each file is parsed once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read: dict[bytes, Form] = {}

    @property
    def texts(self) -> Mapping[bytes, bytes]:
        """Return the published files by their hash in the roster."""
        return self._ledger.form_texts()

    def __call__(self, texts: Iterable[bytes]) -> list[Form]:
        """Return the forms of these files."""
        wanted = list(texts)
        new = [text for text in wanted if text not in self._read]
        lists = read_lists(self._ledger) if new else {}
        for text in new:
            self._read[text] = parse_form(read_form(text.decode(), lists=lists))
        return [self._read[text] for text in wanted]


# --- Invitations ----------------------------------------------------------------------


def new_pin(random: Random = SYSTEM) -> str:
    """Return six digits that nobody can foretell."""
    drawn = int.from_bytes(random.bytes(_PIN_DRAWN_BYTES))
    return f"{drawn % 10**PIN_DIGITS:0{PIN_DIGITS}d}"


def _issued(
    offer: Offer, roster: Roster, now_ms: int, random: Random = SYSTEM
) -> Issued:
    if not offer.area.startswith(roster.area):
        raise AccessError("invitation.area", area=offer.area, province=roster.area)
    return Issued(
        invitation_id=random.bytes(INVITATION_ID_BYTES),
        secret=random.bytes(SECRET_BYTES),
        person=random.bytes(PERSON_BYTES),
        name=offer.name,
        role=offer.role,
        area=offer.area,
        classes=_classes(offer),
        expires_ms=now_ms + offer.days * DAY_MS,
    )


def _classes(offer: Offer) -> tuple[int, ...]:
    if offer.role not in ROLES:
        known = ", ".join(ROLES)
        raise AccessError("invitation.role", role=offer.role, known=known)
    names = offer.classes or ROLES[offer.role]
    unknown = sorted(set(names) - set(CLASSES))
    if unknown:
        known = ", ".join(CLASSES)
        raise AccessError("invitation.class", name=unknown[0], known=known)
    return tuple(sorted({CLASSES.index(name) for name in names}))

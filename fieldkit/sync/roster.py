"""The roster: who may do what in a province, as a log of signed entries, folded.

Versions are dense from 1 and each entry names the hash of the one before, so a roster
only grows: whoever has seen version 7 notices another 7, and a 6 told as the newest.
Acts that change keys, and the first entry, are signed by a threshold of the root
keys, which lie offline; all others by one issuer key. The first entry is signed by the
roots it names itself: its fingerprint is what a laptop trusts, from the invitation.
An entry with ``issuer`` acts names all issuers from then on, so one can be withdrawn.

A fold is total over what is rightly signed: acts that this program does not know are
kept and ignored. ``since`` and ``until`` are the versions between which a grant held,
for a change is judged by every roster from the opening of its form on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from fieldkit.codec import encode
from fieldkit.crypto.hashes import digest
from fieldkit.crypto.keys import (
    FINGERPRINT_BYTES,
    Recipient,
    SigningKey,
    Suite,
    VerifyKey,
)
from fieldkit.errors import AccessError
from fieldkit.sync.acts import Act, is_known
from fieldkit.sync.certificates import DeviceCertificate as DeviceCertificate
from fieldkit.sync.certificates import InvitationNotice as InvitationNotice
from fieldkit.sync.entries import FIRST_PREVIOUS, Entry, Keys, read_entry, write_entry
from fieldkit.sync.envelope import key_id
from fieldkit.sync.scope import GrantSpan, Scope, scope_of

_PROVINCE: Final = "fieldkit/province/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The fold of every entry so far; ``fold`` gives the next one.

    Attributes:
        version: of the last entry; 0 for none.
        hashes: of each entry, in order.
        fingerprint: 16 bytes by which the province is known; of its first roots.
        name: of the province's centre.
        area: the province's area code.
        expires_ms: from when on a warning is shown; nothing stops.
        threshold: how many root keys must sign.
        roots: the root keys.
        issuers: the keys of which one signs everyday entries.
        receipt_keys: every key that ever signed receipts.
        sealing: the newest key of each suite to seal to.
        sealing_ids: ids of every sealing key there ever was.
        recovery: the newest recovery key of each suite.
        people: names by person id.
        devices: certificates by epoch.
        grants: every grant there ever was, by person id.
        forms: content hash of each published form and version.
        lists: content hash of each published list and version.
        areas: Thai and English names of the areas that the province added.
        invitations: those given out, by id.
    """

    version: int = 0
    hashes: tuple[bytes, ...] = ()
    fingerprint: bytes = b""
    name: str = ""
    area: str = ""
    expires_ms: int = 0
    threshold: int = 0
    roots: Keys = field(default_factory=dict)
    issuers: Keys = field(default_factory=dict)
    receipt_keys: Keys = field(default_factory=dict)
    sealing: Mapping[Suite, Recipient] = field(default_factory=dict)
    sealing_ids: frozenset[bytes] = frozenset()
    recovery: Mapping[Suite, Recipient] = field(default_factory=dict)
    people: Mapping[bytes, str] = field(default_factory=dict)
    devices: Mapping[bytes, DeviceCertificate] = field(default_factory=dict)
    grants: Mapping[bytes, tuple[GrantSpan, ...]] = field(default_factory=dict)
    forms: Mapping[tuple[str, int], bytes] = field(default_factory=dict)
    lists: Mapping[tuple[str, int], bytes] = field(default_factory=dict)
    areas: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    invitations: Mapping[bytes, InvitationNotice] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> "Roster":
        """Return the roster before its first entry."""
        return cls()

    @property
    def head_hash(self) -> bytes:
        """Return the hash of the last entry, 32 bytes; zeros for none."""
        return self.hashes[-1] if self.hashes else FIRST_PREVIOUS

    def scope(
        self, person: bytes, role: str | None = None, at: int | None = None
    ) -> Scope:
        """Return what ``person`` may see and write, in one role or in all together.

        Args:
            person: their id; one that the roster does not know has an empty scope.
            role: only grants of this role; None for all.
            at: the roster version to look at; None for the newest.
        """
        version = self.version if at is None else min(at, self.version)
        return scope_of(s for s in self._spans(person, role) if s.holds_at(version))

    def scopes_between(
        self, person: bytes, since: int, until: int, role: str | None = None
    ) -> tuple[Scope, ...]:
        """Return each scope of ``person`` from ``since`` to ``until``, in order.

        A scope that did not change is there once. Something was in scope at *any*
        moment if one of these covers it, at *every* moment if all do.
        """
        spans = self._spans(person, role)
        edges = {since, *(s.since for s in spans), *(s.until for s in spans if s.until)}
        scopes = [
            scope_of(span for span in spans if span.holds_at(version))
            for version in sorted(edges)
            if since <= version <= until
        ]
        before: list[Scope | None] = [None, *scopes]
        return tuple(s for s, last in zip(scopes, before, strict=False) if s != last)

    def scope_ever(
        self, person: bytes, since: int, until: int, role: str | None = None
    ) -> Scope:
        """Return what was in scope at any version from ``since`` to ``until``."""
        spans = self._spans(person, role)
        return scope_of(span for span in spans if span.holds_between(since, until))

    def roles(self, person: bytes) -> frozenset[str]:
        """Return the roles that ``person`` holds somewhere now."""
        spans = self._spans(person, None)
        return frozenset(span.role for span in spans if span.holds_at(self.version))

    def devices_of(self, person: bytes) -> tuple[DeviceCertificate, ...]:
        """Return the installations of ``person``, revoked ones too, oldest first."""
        return tuple(one for one in self.devices.values() if one.person == person)

    def check_head(self, version: int, head_hash: bytes | None = None) -> None:
        """Return if a roster told as the newest is ours or goes beyond it.

        Raises:
            AccessError: it is older than ours, or another with the same number.
        """
        if version < self.version:
            raise AccessError("roster.rollback", ours=self.version, theirs=version)
        if version == self.version and head_hash not in {None, self.head_hash}:
            raise AccessError("roster.fork", version=version)

    def _spans(self, person: bytes, role: str | None) -> Sequence[GrantSpan]:
        spans = self.grants.get(person, ())
        return spans if role is None else [span for span in spans if span.role == role]


# --- Folding -------------------------------------------------------------------------


def make_entry(
    roster: Roster, acts: Sequence[Act], issued_at_ms: int, keys: Iterable[SigningKey]
) -> bytes:
    """Return the entry that follows ``roster``, signed by ``keys``.

    Whether these keys may say it is for ``fold`` to tell; ``cosign`` adds more.

    Raises:
        CodecError: an act of a kind or shape that this program does not know.
    """
    number, before = roster.version + 1, roster.head_hash
    return write_entry(number, before, issued_at_ms, acts, keys)


def province_fingerprint(threshold: int, roots: Sequence[bytes]) -> bytes:
    """Return the 16 bytes by which a province with these first roots is known."""
    return digest(_PROVINCE, encode([threshold, list(roots)]))[:FINGERPRINT_BYTES]


def fold(roster: Roster, entries: Iterable[bytes]) -> Roster:
    """Return ``roster`` having seen ``entries``, in any order, each verified.

    Entries already seen change nothing.

    Raises:
        AccessError: an entry contradicts one already seen, an earlier one is missing,
            or it is not signed by those who may say it. Nothing is folded then.
        CodecError: not an entry.
    """
    read = sorted(map(read_entry, entries), key=lambda entry: entry.version)
    return _fold(roster, read, check=_check_signed)


def unfold(entries: Iterable[bytes]) -> Roster:
    """Return the roster of entries that were verified when they were kept.

    For a laptop's own encrypted store alone: signatures are not verified again.

    Raises:
        AccessError: they do not follow each other.
        CodecError: not an entry.
    """
    return _fold(Roster.empty(), list(map(read_entry, entries)), check=_check_nothing)


def _fold(
    roster: Roster,
    entries: Iterable[Entry],
    check: Callable[["_Draft", Entry], None],
) -> Roster:
    draft = _Draft(roster)
    for entry in entries:
        if entry.version <= draft.version:
            if draft.hashes[entry.version - 1] != entry.hash:
                raise AccessError("roster.fork", version=entry.version)
            continue
        if entry.version != draft.version + 1:
            raise AccessError("roster.gap", ours=draft.version, theirs=entry.version)
        if entry.previous != (draft.hashes or [FIRST_PREVIOUS])[-1]:
            raise AccessError("roster.fork", version=entry.version)
        check(draft, entry)
        draft.take(entry)
    return draft.roster()


def _check_signed(draft: "_Draft", entry: Entry) -> None:
    """Refuse an entry that those who may say it did not sign."""
    roots, threshold = draft.roots, draft.threshold
    if entry.version == 1:
        threshold, roots = _first_roots(entry)
    signed = entry.is_signed_by(roots, threshold)
    if not signed and not entry.is_for_roots:
        signed = entry.is_signed_by(draft.issuers, 1)
    if not signed:
        raise AccessError("roster.signature", version=entry.version)


def _check_nothing(_draft: "_Draft", _entry: Entry) -> None:
    """Take an entry that was verified before."""


def _first_roots(entry: Entry) -> tuple[int, Keys]:
    """Return threshold and root keys that a first entry names itself."""
    for act in entry.acts:
        if act[:1] == ["roots"] and is_known(act):
            return _read_roots(act)
    raise AccessError("roster.signature", version=entry.version)


def _read_roots(act: Act) -> tuple[int, Keys]:
    _, threshold, publics = cast("tuple[str, int, list[bytes]]", act)
    return threshold, _by_id(map(VerifyKey, publics))


def _by_id(keys: Iterable[VerifyKey]) -> dict[bytes, VerifyKey]:
    return {key_id(key): key for key in keys}


class _Draft:
    """A roster while entries are taken: its maps may be written."""

    def __init__(self, roster: Roster) -> None:
        self.version = roster.version
        self.hashes = list(roster.hashes)
        self.fingerprint, self.name = roster.fingerprint, roster.name
        self.area, self.expires_ms = roster.area, roster.expires_ms
        self.threshold, self.roots = roster.threshold, roster.roots
        self.issuers = dict(roster.issuers)
        self.receipt_keys = dict(roster.receipt_keys)
        self.sealing, self.sealing_ids = dict(roster.sealing), set(roster.sealing_ids)
        self.recovery = dict(roster.recovery)
        self.people, self.devices = dict(roster.people), dict(roster.devices)
        self.grants = dict(roster.grants)
        self.forms, self.lists = dict(roster.forms), dict(roster.lists)
        self.areas = dict(roster.areas)
        self.invitations = dict(roster.invitations)

    def roster(self) -> Roster:
        """Return what was taken, as it stands now."""
        frozen = {
            "hashes": tuple(self.hashes),
            "sealing_ids": frozenset(self.sealing_ids),
        }
        return Roster(**{**vars(self), **frozen})

    def take(self, entry: Entry) -> None:
        """Take an entry that follows and may be believed."""
        self.version = entry.version
        self.hashes.append(entry.hash)
        known = [act for act in entry.acts if is_known(act)]
        if any(act[0] == "issuer" for act in known):
            self.issuers.clear()
        for act in known:
            kind, *fields = act
            _TAKERS[str(kind)](self, *fields)

    def province(self, name: str, area: str, expires_ms: int) -> None:
        self.name, self.area, self.expires_ms = name, area, expires_ms

    def new_roots(self, threshold: int, publics: list[bytes]) -> None:
        self.threshold, self.roots = threshold, _by_id(map(VerifyKey, publics))
        if not self.fingerprint:
            self.fingerprint = province_fingerprint(threshold, publics)

    def issuer(self, public: bytes) -> None:
        self.issuers |= _by_id([VerifyKey(public)])

    def receipt_key(self, public: bytes) -> None:
        self.receipt_keys |= _by_id([VerifyKey(public)])

    def sealing_key(self, suite: int, public: bytes) -> None:
        key = Recipient(bytes((suite,)) + public)
        self.sealing[key.suite] = key
        self.sealing_ids.add(key_id(key))

    def recovery_key(self, suite: int, public: bytes) -> None:
        key = Recipient(bytes((suite,)) + public)
        self.recovery[key.suite] = key

    def person(self, person: bytes, name: str) -> None:
        self.people[person] = name

    def grant(self, person: bytes, role: str, area: str, classes: list[int]) -> None:
        self.withdraw_grant(person, role, area)
        span = GrantSpan(person, role, area, tuple(classes), self.version)
        self.grants[person] = (*self.grants.get(person, ()), span)

    def withdraw_grant(self, person: bytes, role: str, area: str) -> None:
        self.grants[person] = tuple(
            span._replace(until=self.version)
            if span.until is None and (span.role, span.area) == (role, area)
            else span
            for span in self.grants.get(person, ())
        )

    def epoch(self, *fields: Any) -> None:
        """Certify an installation; one that has a certificate keeps it."""
        epoch, person, sign_public, suite, seal_public = fields
        certificate = DeviceCertificate(
            epoch=epoch,
            person=person,
            verify_key=VerifyKey(sign_public),
            recipient=Recipient(bytes((suite,)) + seal_public),
            since=self.version,
        )
        self.devices.setdefault(epoch, certificate)

    def revoke_epoch(self, epoch: bytes, heads: list[bytes]) -> None:
        """Revoke an installation; a later act may believe other heads."""
        if found := self.devices.get(epoch):
            first = self.version if found.revoked_at is None else found.revoked_at
            self.devices[epoch] = replace(found, revoked=tuple(heads), revoked_at=first)

    def form(self, form_id: str, version: int, form_hash: bytes) -> None:
        self.forms.setdefault((form_id, version), form_hash)

    def list_(self, name: str, version: int, list_hash: bytes) -> None:
        self.lists.setdefault((name, version), list_hash)

    def area_(self, code: str, name_th: str, name_en: str) -> None:
        self.areas[code] = (name_th, name_en)

    def invitation(self, *fields: Any) -> None:
        invitation_id, role, area, name, expires_ms, inviter = fields
        self.invitations[invitation_id] = InvitationNotice(
            invitation_id=invitation_id,
            role=role,
            area=area,
            name=name,
            expires_ms=expires_ms,
            inviter=inviter,
        )


_TAKERS: Final[dict[str, Callable[..., None]]] = {
    "province": _Draft.province,
    "roots": _Draft.new_roots,
    "issuer": _Draft.issuer,
    "receipt_key": _Draft.receipt_key,
    "sealing_key": _Draft.sealing_key,
    "recovery_key": _Draft.recovery_key,
    "person": _Draft.person,
    "grant": _Draft.grant,
    "withdraw_grant": _Draft.withdraw_grant,
    "epoch": _Draft.epoch,
    "revoke_epoch": _Draft.revoke_epoch,
    "form": _Draft.form,
    "area": _Draft.area_,
    "invitation": _Draft.invitation,
    "list": _Draft.list_,
}

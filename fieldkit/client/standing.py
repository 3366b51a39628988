"""Where things stand: what waits, since when, what was accepted, what to look at."""

from dataclasses import dataclass
from typing import Final

from fieldkit.client.desk import Desk

WARN_MS: Final = 30 * 86_400_000
"""So long before its end a roster's expiry is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where one person's work stands.

    Attributes:
        name: who works here.
        role: in which role.
        areas: prefixes of the areas of their scope.
        province: the province's name.
        epoch: beginning of this laptop's author id, in hex.
        certified: whether the province is known to know this laptop.
        records: how many records are here.
        local: saves that are only here.
        travelling: saves that lie with a relay.
        accepted: saves that the province has.
        durable: saves that lie in all its backups.
        waiting: saves that somebody must look at.
        oldest_ms: time of the oldest save that the province has not answered.
        conflicts: how many things a person must settle.
        notices: how many values of this person were not kept, untold yet.
        drafts: how many forms are open.
        letters: how many envelopes of others are carried.
        roster: version of the roster.
        expires_ms: when the roster expires; entering goes on.
        doubtful_clock: whether this machine's clock cannot be right.
    """

    name: str
    role: str
    areas: tuple[str, ...]
    province: str
    epoch: str
    certified: bool
    records: int
    local: int
    travelling: int
    accepted: int
    durable: int
    waiting: int
    oldest_ms: int | None
    conflicts: int
    notices: int
    drafts: int
    letters: int
    roster: int
    expires_ms: int
    doubtful_clock: bool


def status_of(desk: Desk, conflicts: int) -> Status:
    """Return where the work at a desk stands, with so many conflicts."""
    store, roster = desk.store, desk.roster
    counts = store.counts()
    epoch = store.epochs()[-1].epoch
    return Status(
        name=desk.installation.issued.name,
        role=desk.role,
        areas=roster.scope(desk.person).areas or (desk.installation.issued.area,),
        province=roster.name,
        epoch=epoch.hex()[:8],
        certified=epoch in roster.devices,
        records=store.record_count(),
        local=counts.local,
        travelling=counts.travelling,
        accepted=counts.accepted,
        durable=counts.durable,
        waiting=counts.waiting,
        oldest_ms=counts.oldest_ms,
        conflicts=conflicts,
        notices=len(store.notices()),
        drafts=len(store.drafts()),
        letters=sum(1 for _ in store.letters()),
        roster=roster.version,
        expires_ms=roster.expires_ms,
        doubtful_clock=desk.clock.look().doubtful,
    )

"""A volunteer whose program was changed: it signs whatever it likes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fieldkit.causality import Stamp
from fieldkit.crypto.escrow import NORMAL
from fieldkit.crypto.sign import sign
from fieldkit.records.change import Change, Write, identify
from fieldkit.records.layout import Layout
from fieldkit.sync.batch import BATCH_LABEL, BatchHeader, cut, to_wire
from fieldkit.sync.envelope import Kind, seal_envelope
from fieldkit.sync.invitation import open_invitation
from tests.acceptance.world import PIN
from tests.server.premises import Volunteer, now_ms


def forger(invitation: Path) -> Volunteer:
    """Return who was invited, with keys of their own and a program of their own."""
    data = invitation.read_bytes()
    welcome = open_invitation(data, PIN, now_ms(), strength=NORMAL)
    texts = (*welcome.roster.forms.values(), *welcome.roster.lists.values())
    return Volunteer(welcome.roster, welcome.invitation.issued, {}, texts)


def forged(
    who: Volunteer,
    form_id: str,
    answers: Mapping[str, object],
    target: bytes | None = None,
    version: int = 1,
) -> tuple[bytes, bytes]:
    """Return the envelope of one signed change, and the id of its record."""
    layout = Layout(form_id, version, tuple(answers))
    write = Write(layout.id, target, (), tuple(answers.values()))
    who.counter += 1
    stamp = Stamp(
        who.epoch, who.counter, who.issued.person, who.issued.role,
        who.roster.version, now_ms(), 0, None,
    )  # fmt: skip
    change = Change(stamp, (write,))
    identity = identify(change, who.seed)
    envelope = enveloped(who, [change], {layout.id: layout})
    return envelope, identity.records[0]


def enveloped(
    who: Volunteer, changes: Sequence[Change], layouts: Mapping[bytes, Layout]
) -> bytes:
    header = BatchHeader(
        province=who.roster.fingerprint, epoch=who.epoch,
        first=changes[0].stamp.counter, count=len(changes), previous=who.previous,
        roster=who.roster.version,
    )  # fmt: skip
    hashes = [identify(change, who.seed).hash for change in changes]
    batch = cut(header, changes, hashes, dict(layouts), {0: who.seed})
    who.previous = batch.hash
    data = to_wire(batch, sign(who.key, BATCH_LABEL, batch.hash))
    return seal_envelope(Kind.BATCH, data, who.roster.sealing)

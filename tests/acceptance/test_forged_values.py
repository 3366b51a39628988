"""Signed nonsense: a program that was changed sends values that no form would take."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fieldkit.cli.showing import value_text
from fieldkit.client.enrolment import Means
from fieldkit.client.transport_http import HttpLink
from fieldkit.client.workspace import Workspace
from fieldkit.errors import NotFoundError
from tests.acceptance.forging import forged, forger
from tests.acceptance.world import PASSPHRASE, PIN, Centre
from tests.server.premises import Volunteer

VILLAGE = "90110103"
PERSON = {"who/first_name": "สมศรี", "home/village": VILLAGE}
NONSENSE: tuple[object, ...] = (
    7, -1, 2**63, 1.5, True, False, b"\x00\xff", bytes(16), "", "ก" * 60_000, "\x00",
    "90110103", "90%", [], [1, "a", None], ["x", ["y", ["z"]]], {}, {"born": 0},
    {"born": 5}, {"a": {"b": [None]}}, "2026-13-45", "1e999",
)  # fmt: skip
PLACES = (
    "person home/village", "person _subject", "household members[]",
    "screening_9q symptoms/q9_9",
)  # fmt: skip
MORE_PLACES = (
    *("person who/first_name", "person who/birth_date", "person who/birth_precision"),
    *("person identity/income", "person identity/groups", "person identity/note"),
    *("person who/sex", "person home/household"),
    *("person _life", "person _order", "person no/such"),
    *("household home/village", "household _life", "referral status"),
    *("screening_9q _subject", "screening_9q symptoms/q9_1", "screening_9q _life"),
    *("screening_9q date", "screening_9q symptoms[]"),
)


@pytest.fixture(scope="module")
def bad(centre: Centre) -> Volunteer:
    one = forger(centre.invite("bad"))
    with HttpLink(centre.url) as link:
        link.hand_in(one.enrolment())
    return one


@pytest.fixture(scope="module")
def ws(centre: Centre, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("coordinator") / "ws"
    file = centre.invite("ผู้ประสาน", "coordinator", "90")
    Workspace.enrol(folder, file.read_bytes(), PIN, PASSPHRASE, Means())
    with Workspace.open(folder, PASSPHRASE) as one:
        yield one


def look_everywhere(ws: Workspace, record_id: bytes) -> None:
    """Look at a record in every way that a person can."""
    record = ws.record(record_id)
    form = ws.form_or_none(record.form_id)
    for register, value in ws.said(record).answers.items():
        value_text(form, register, value)
    ws.label(record)
    ws.history(record_id)
    ws.conflicts(record_id)
    ws.open_for_edit(record_id)
    ws.records_of(record_id)


def is_here(ws: Workspace, record_id: bytes) -> bool:
    try:
        ws.record(record_id)
    except NotFoundError:
        return False
    return True


def birth(form_id: str, subject: bytes) -> Mapping[str, Any]:
    """Return what a new record of a form must say at the least."""
    if form_id == "person":
        return PERSON
    return {} if form_id == "household" else {"_subject": subject}


SLOW = [pytest.param(place, marks=pytest.mark.slow) for place in MORE_PLACES]


@pytest.mark.parametrize("place", [*PLACES, *SLOW])
def test_forged_values_are_kept_and_harm_nobody(
    centre: Centre, bad: Volunteer, ws: Workspace, place: str
) -> None:
    form_id, path = place.split()
    honest = ws.add("person", {"first_name": "สมศรี", "village": VILLAGE})
    ws.sync(centre.url)
    made = [honest]
    with HttpLink(centre.url) as link:
        for value in NONSENSE:
            envelope, record_id = forged(
                bad, form_id, {**birth(form_id, honest), path: value}
            )
            assert link.hand_in(envelope)
            assert link.hand_in(forged(bad, form_id, {path: value}, target=honest)[0])
            made.append(record_id)

    ws.sync(centre.url)

    for record_id in filter(lambda one: is_here(ws, one), made):
        look_everywhere(ws, record_id)
    ws.conflicts()
    ws.find("สมศรี")
    assert list(ws.export_rows(form_id)) or form_id != "person"
    name = ws.said(ws.record(honest)).possible("who/first_name")
    assert "สมศรี" in name


def test_a_form_that_nobody_published_waits_until_it_is(
    centre: Centre, bad: Volunteer, ws: Workspace
) -> None:
    text = centre.home / "well_use.yaml"
    text.write_text(
        "form_id: well_use\nversion: 1\ntitle: {th: น้ำใช้, en: Water}\n"
        "kind: screening\nsubject: person\nsensitivity: general\npurpose: [care]\n"
        "survey:\n  - {type: text, name: well, label: {th: บ่อ, en: Well}}\n",
        "utf-8",
    )
    person = ws.add("person", {"first_name": "บุญมี", "village": VILLAGE})
    ws.sync(centre.url)
    envelope, use = forged(bad, "well_use", {"_subject": person, "well": "บ่อวัด"})
    with HttpLink(centre.url) as link:
        assert link.hand_in(envelope)
    ws.sync(centre.url)
    before = is_here(ws, use)

    centre.says("publish", text)
    ws.sync(centre.url)

    assert not before
    assert ws.said(ws.record(use)).answers["well"] == "บ่อวัด"

"""Agreement: the digest of an area follows the persons who live there."""

from fieldkit.sync.digest import part_digest, total
from fieldkit.sync.states import PartState
from tests.store.desk import Desk, state, theirs

HERE, THERE, BOTH, SCREENING = (bytes([n]) * 16 for n in (1, 2, 3, 4))


def test_the_digest_of_an_area_holds_its_persons_and_what_hangs_on_them(
    desk: Desk,
) -> None:
    def lives_in(record: bytes, *areas: str) -> PartState:
        entries = [(theirs(n), {"area": area}) for n, area in enumerate(areas, 1)]
        return state(desk.store, record, *entries, class_number=0)

    brought = [
        lives_in(HERE, "90010101"),
        lives_in(THERE, "90020101"),
        lives_in(BOTH, "90010102", "90020101"),
        state(
            desk.store, SCREENING, (theirs(9), {"q1": 1}), class_number=0,
            form_id="screening", subject=HERE,
        ),
    ]  # fmt: skip
    desk.store.put_parts(brought)
    each = [part_digest(*s.key, s.part, desk.store.layouts()) for s in brought]

    assert desk.store.digest("9001") == total([each[0], each[2], each[3]])
    assert desk.store.digest("9002") == total(each[1:3])
    assert desk.store.digest("90") == desk.store.digest() == total(each)
    assert desk.store.digest("91") == total([])

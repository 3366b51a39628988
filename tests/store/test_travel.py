"""How far saves have come: counts, batches sealed anew, pruning."""

from fieldkit.sync.receipts import Verdict
from tests.store.desk import Desk, state


def test_each_save_counts_once(desk: Desk) -> None:
    for n in range(9):
        desk.new(first=str(n))
    local = desk.store.counts()
    assert (local.local, local.oldest_ms) == (9, desk.made[0].change.stamp.time)

    stored, accepted, durable = desk.cut(2), desk.cut(3), desk.cut(2)
    desk.store.set_travel(stored.hash, "stored")
    desk.store.take_verdicts(
        [
            Verdict(accepted.hash, 0, 2, "applied", 1),
            Verdict(accepted.hash, 2, 1, "review", 3),
            Verdict(durable.hash, 0, 1, "applied", 4),
            Verdict(durable.hash, 1, 1, "quarantined", 5),
        ]
    )
    desk.store.set_durable([durable.hash])

    counts = desk.store.counts()
    assert (counts.local, counts.travelling) == (2, 2)
    assert (counts.accepted, counts.durable, counts.waiting) == (2, 1, 2)


def test_an_empty_store_has_nothing_to_count(desk: Desk) -> None:
    counts = desk.store.counts()

    assert (counts.local, counts.accepted, counts.oldest_ms) == (0, 0, None)


def test_a_batch_sealed_anew_is_the_same_batch(desk: Desk) -> None:
    desk.new(first="a")
    batch = desk.cut()
    anew = type(batch)(
        hash=batch.hash, epoch=batch.epoch, first=1, count=1,
        envelope_id=b"n" * 32, envelope=b"other bytes",
    )  # fmt: skip

    desk.store.add_batch(anew)

    assert list(desk.store.outgoing()) == [anew]


def test_only_what_is_durable_and_absorbed_is_pruned(desk: Desk) -> None:
    records = [desk.new(first=str(n)) for n in range(4)]
    batches = [desk.cut(1) for _ in records]
    desk.store.take_verdicts(
        [Verdict(b.hash, 0, 1, "applied", n) for n, b in enumerate(batches[:3], 1)]
    )
    for nth in (0, 1):
        dot = desk.dot(nth)
        one = state(desk.store, records[nth], (dot, {"first": "x"}), position=9)
        desk.store.put_parts([one])
    desk.store.absorb()
    desk.store.set_durable([batches[0].hash, batches[2].hash])

    assert desk.store.prune() == 1

    assert desk.store.prune() == 0
    kept = [row[0] for row in desk.store._db.rows("SELECT seq FROM changes")]
    assert kept == [2, 3, 4]
    assert desk.store.last_batch(desk.epoch) == batches[3].hash
    assert [values.id for values in desk.store.records()] == sorted(
        records, key=lambda one: desk.store.find_record(one).number
    )
    counts = desk.store.counts()
    assert (counts.local, counts.accepted, counts.durable) == (1, 1, 2)

"""The example that is read first does what it says."""

from examples.walk import shown, walk


def test_the_walk_ends_with_everyone_holding_the_same() -> None:
    everyone = walk(lambda *_: None)

    records = [laptop.record for laptop in everyone]
    assert all(record == records[0] for record in records)
    assert {shown(laptop, "name") for laptop in everyone} == {"สมชาย ใจดี"}
    assert {shown(laptop, "phone") for laptop in everyone} == {"089"}


def test_the_walk_tells_each_step_in_words() -> None:
    told: list[str] = []

    walk(lambda *words: told.append(" ".join(words)))

    assert [line[0] for line in told] == ["1", "2", "3", "4", "5"]
    assert "สมชาย ใจดี | สมหมาย" in told[3] or "สมหมาย | สมชาย ใจดี" in told[3]

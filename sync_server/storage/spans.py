"""Areas over time: the rule for a move, the same in memory and in every database."""

from collections.abc import Iterable, Sequence

from sync_server.storage.contract import AreaSpan


def after_move(
    owner: int, spans: Iterable[AreaSpan], areas: Sequence[str], position: int
) -> list[AreaSpan]:
    """Return the spans of ``owner`` when it is in just ``areas`` from ``position`` on.

    A span that would begin and end at one position held at none, and is dropped; one
    that ended at this very position and begins again never ended.
    """
    wanted = set(areas)
    moved: list[AreaSpan] = []
    for span in spans:
        if span.until not in {None, position}:
            moved.append(span)
        elif span.area in wanted:
            wanted.discard(span.area)
            moved.append(span._replace(until=None))
        elif span.since != position:
            moved.append(span._replace(until=position))
    moved.extend(AreaSpan(owner, area, position, None) for area in wanted)
    return sorted(moved, key=lambda span: (span.since, span.area))


def is_move(span: AreaSpan, born: int, after: int, to: int) -> bool:
    """Return whether a span of an owner born at ``born`` shows a move in the range.

    The beginning of a first span is a birth, not a move.
    """
    if span.until is not None and after < span.until <= to:
        return True
    return span.since > born and after < span.since <= to

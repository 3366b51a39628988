"""Deciding: conflicts settled and undone, and those told whose value was not kept."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from fieldkit.client.answers import read
from fieldkit.client.desk import Desk
from fieldkit.client.settling import Settler, named
from fieldkit.codec import decode, encode
from fieldkit.errors import NotFoundError
from fieldkit.merge.conflict import Conflict
from fieldkit.sync.replica import Notice

_TOLD: Final = "notices told"
Answers = Mapping[str, object]


class Deciding(Desk):
    """What a workspace does with conflicts."""

    @cached_property
    def _settler(self) -> Settler:
        return Settler(self.store, self.pen, self.form_or_none)

    # --- Conflicts ---

    def conflicts(self, name: bytes | str | None = None) -> tuple[Conflict, ...]:
        """Return what only a person can settle, here or in one record."""
        if name is not None:
            return self._settler.conflicts_of(self.store.open_record(name), self.now())
        return tuple(self._settler.conflicts(self.now()))

    def conflict(self, name: str, register: str = "") -> Conflict:
        """Return the conflict, or the record's conflict, whose id begins so.

        Raises:
            NotFoundError: there is none, or more than one.
        """
        return self._settler.find(name, self.now(), register)

    def resolve(
        self,
        name: str,
        *,
        because: str,
        register: str = "",
        keep: str | None = None,
        values: Answers | None = None,
    ) -> bytes:
        """Settle a conflict and return the record's id.

        Args:
            name: the conflict's id, or its record's, or the beginning of one.
            because: the reason, which everybody will see.
            register: one of its registers, where a record has several conflicts.
            keep: the alternative to keep: its place from 1, or its dot.
            values: else the values to write, by register.

        Raises:
            NotFoundError: no such conflict or alternative.
            AnswerError: no reason, or a value is missing or does not fit.
        """
        conflict = self.conflict(name, register)
        self.take_note(self.store.open_record(conflict.record_id))
        if keep is not None:
            dot = named(conflict.alternatives, keep)
            return self._settler.resolve(conflict, dot, because, self.roster)
        given = dict(values or {})
        if conflict.kind != "withdrawn":  # `_life` is no question of a form
            given = read(self.form(conflict.form_id), given)
        return self._settler.resolve(conflict, given, because, self.roster)

    def undo(self, name: str, because: str | None = None, register: str = "") -> bytes:
        """Undo a decision: what it replaced stands side by side again.

        Args:
            name: the conflict's id, where it was settled here; else the record's.
            because: the reason, if any.
            register: which register, where several of a record were decided.

        Raises:
            NotFoundError: no such decision is known here.
        """
        return self._settler.undo(name, self.roster, because, register)

    # --- Notices ---

    def notices(self, *, seen: bool = False) -> Mapping[int, Notice]:
        """Return what this person must be told, by number, oldest first."""
        return self.store.notices(seen=seen)

    def new_notices(self) -> Mapping[int, Notice]:
        """Return the notices that were not told yet, and note that they are now."""
        kept = self.store.setting(_TOLD)
        told = 0 if kept is None else int(decode(kept, bytes_max=16))
        new = {n: one for n, one in self.store.notices().items() if n > told}
        if new:
            with self.store.transaction():
                self.store.set_setting(_TOLD, encode(max(new)))
        return new

    def see_notice(self, number: int) -> None:
        """Put a notice away.

        Raises:
            NotFoundError: no such notice.
        """
        if number not in self.notices(seen=True):
            raise NotFoundError("notice.unknown", notice=number)
        self.store.see_notice(number)

    def bring_back(self, number: int, because: str | None = None) -> bytes:
        """Put the value of a notice beside the decision, and return the record's id.

        Raises:
            NotFoundError: no such notice.
        """
        notice = self.notices(seen=True).get(number)
        if notice is None:
            raise NotFoundError("notice.unknown", notice=number)
        record_id = self._settler.bring_back(notice, self.roster, because)
        self.see_notice(number)
        return record_id

"""The province: what every part of the core needs at hand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fieldkit.forms.form import Form
from fieldkit.records.layout import CLASSES, Layout
from fieldkit.sync.roster import Roster
from sync_server.core.logbook import LayoutBook, LogBook
from sync_server.core.plans import Plan, plan_for
from sync_server.storage.contract import Storage

FormKey = tuple[str, int]


@dataclass(slots=True)
class Province:
    """Storage, roster and forms, and what is worked out from them.

    Attributes:
        storage: the database.
        roster: as of now; it only grows.
        forms: every published form by id and version.
        log: the log book.
        layouts: every layout that a stored part names.
        released: hashes of quarantined changes that a person has released.
        to_release: hashes that changes just applied ask to release.
    """

    storage: Storage
    roster: Roster
    forms: Mapping[FormKey, Form]
    log: LogBook = field(init=False)
    layouts: LayoutBook = field(init=False)
    released: set[bytes] = field(default_factory=set)
    to_release: list[bytes] = field(default_factory=list)
    _plans: dict[Layout, Plan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = LogBook(self.storage)
        self.layouts = LayoutBook(self.storage)
        kept = self.storage.get("released") or b""
        self.released.update(kept[at : at + 32] for at in range(0, len(kept), 32))

    def keep_released(self, change_hash: bytes) -> None:
        """Remember a release, also of a change that has not arrived (again) yet."""
        if change_hash not in self.released:
            self.released.add(change_hash)
            self.storage.put("released", b"".join(sorted(self.released)))

    def plan(self, layout: Layout) -> Plan:
        """Return what is known of a layout."""
        plan = self._plans.get(layout)
        if plan is None:
            plan = self._plans[layout] = plan_for(layout, self.forms)
        return plan

    def learn(self, roster: Roster, forms: Iterable[Form] = ()) -> None:
        """Take a newer roster, and forms that it publishes."""
        self.roster = roster
        self.forms = {**self.forms, **{form.key: form for form in forms}}
        self._plans.clear()

    @property
    def area_registers(self) -> dict[str, tuple[str, int]]:
        """Return for each form the register that holds an area, and its class."""
        found = {}
        for form in self.forms.values():
            if form.area_path is not None:
                number = CLASSES.index(form.class_of(form.area_path))
                found[form.form_id] = (form.area_path, number)
        return found

    def is_below_cut(self, batch_hash: bytes, heads: tuple[bytes, ...]) -> bool:
        """Return whether a batch is one of ``heads`` or one that they rest on."""
        waiting, seen = list(heads), set()
        while waiting:
            one = waiting.pop()
            if one == batch_hash:
                return True
            if one not in seen and (logged := self.storage.batch(one)) is not None:
                waiting.append(logged.previous)
            seen.add(one)
        return False

"""The desk: what every part of a workspace builds on."""

from datetime import datetime
from pathlib import Path

from fieldkit.client.clock import HybridClock
from fieldkit.client.enrolment import DATABASE, Means, server_urls
from fieldkit.client.installation import Installation
from fieldkit.client.library import FormFacts, province_forms
from fieldkit.client.saving import Author, Pen
from fieldkit.forms.form import Form
from fieldkit.forms.registry import Forms
from fieldkit.records.record import Record
from fieldkit.store.store import Store
from fieldkit.sync.roster import Roster, unfold


class Desk:
    """One open store, with its person, roster, forms, clock and pen."""

    def __init__(
        self, store: Store, facts: FormFacts, directory: Path, means: Means
    ) -> None:
        self.directory = directory
        self.store = store
        self.clock = HybridClock(means.clock)
        self.installation = Installation(store, directory / DATABASE)
        self.facts = facts
        self.reload()
        issued = self.installation.issued
        self.person = issued.person
        self.role = self._role(issued.role)
        author = Author(person=self.person, role=self.role)
        self.pen = Pen(store, self.installation, self.clock, author)

    def reload(self) -> None:
        """Read roster and forms anew, after a sync brought some."""
        self.roster: Roster = unfold(self.store.roster_entries())
        self.facts.forms = province_forms(
            self.roster.forms, self.roster.lists, self.store.form_texts()
        )

    def _role(self, first: str) -> str:
        """Return the role to work in: the one enrolled for, while it holds."""
        roles = self.roster.roles(self.person)
        return first if first in roles or not roles else min(roles)

    # --- Forms ---

    def forms(self) -> Forms:
        """Return the forms of the province."""
        return self.facts.forms

    def form(self, form_id: str) -> Form:
        """Return the newest version of a form.

        Raises:
            NotFoundError: there is none.
        """
        return self.forms().latest(form_id)

    def form_or_none(self, form_id: str) -> Form | None:
        """Return the newest version of a form, or None if it is not here."""
        return self.form(form_id) if self.forms().versions(form_id) else None

    def now(self) -> datetime:
        """Return the time that answers are judged at, in Thailand."""
        return self.clock.look().moment

    def name_of(self, person: bytes) -> str:
        """Return a person's name in the roster, or the beginning of their id."""
        return self.roster.people.get(person) or person.hex()[:8]

    def server_urls(self) -> tuple[str, ...]:
        """Return where the province's server may be reached."""
        return server_urls(self.store)

    def take_note(self, record: Record) -> None:
        """Take note of the times in a record: what is saved next comes after them."""
        for siblings in record.registers.values():
            for sibling in siblings:
                self.clock.see(sibling.shown_at)

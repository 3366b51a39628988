"""The workspace: the one object that scripts, the command line and the app call.

Ten lines take a record the whole way (``tests/client/test_walk.py`` runs them)::

    Workspace.enrol(home, invitation, pin="246813", passphrase="ข้าวเหนียว")
    with Workspace.open(home, "ข้าวเหนียว") as ws:
        person = ws.add("person", {"first_name": "บุญมี", "village": "90110103"})
        ws.add("screening_2q", {"q2_1": "no", "q2_2": "no"}, subject=person)
        ws.open_for_edit(person).save({"phone": "081-234-5678"})
        report = ws.sync()
        for conflict in ws.conflicts():
            ws.resolve(conflict.id.hex(), keep="1", because="asked her again")
        found = ws.find("บุญ")
        status = ws.status()
"""

from pathlib import Path
from types import TracebackType

from fieldkit.client.deciding import Deciding
from fieldkit.client.enrolment import DATABASE, enrol, unlock
from fieldkit.client.enrolment import Means as Means
from fieldkit.client.library import FormFacts
from fieldkit.client.recording import Recording
from fieldkit.client.standing import Status, status_of
from fieldkit.client.travelling import Travelling
from fieldkit.store.store import Store


class Workspace(Recording, Deciding, Travelling):
    """One person's work on this machine; a context manager that closes at its end."""

    @classmethod
    def enrol(
        cls,
        directory: Path | str,
        invitation: bytes,
        pin: str,
        passphrase: str,
        means: Means | None = None,
    ) -> None:
        """Make ``directory`` a workspace for the person whom ``invitation`` names.

        Raises:
            AccessError: wrong PIN, expired or damaged invitation.
            StoreError: there is a workspace already; it was not touched.
        """
        enrol(Path(directory), invitation, pin, passphrase, means or Means())

    @classmethod
    def open(
        cls,
        directory: Path | str,
        passphrase: str,
        person: str | None = None,
        means: Means | None = None,
    ) -> "Workspace":
        """Return the workspace in ``directory``.

        Raises:
            NotFoundError: there is none.
            StoreLockedError: wrong passphrase.
            DamagedStoreError, NewerStoreError: see ``Store.open``.
        """
        means, folder, facts = means or Means(), Path(directory), FormFacts()
        key = unlock(folder, passphrase, person, means.strength)
        store = Store.open(folder / DATABASE, key, facts)
        try:
            return cls(store, facts, folder, means)
        except BaseException:
            store.close()
            raise

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the workspace; everything was saved before."""
        self.store.close()

    def status(self) -> Status:
        """Return where this person's work stands."""
        return status_of(self, len(self.conflicts()))

"""Travelling: a sync over HTTP, bundles on a stick, and where things stand."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from fieldkit.client.desk import Desk
from fieldkit.client.letters import Brought, outgoing, take_bundle
from fieldkit.client.syncing import Progress, Syncing, SyncReport, device_keys
from fieldkit.client.transport_folder import read_bundles, write_bundle
from fieldkit.client.transport_http import HttpLink
from fieldkit.errors import TransportError
from fieldkit.sync.session import Session


class Travelling(Desk):
    """What a workspace sends and receives."""

    def sync(
        self, url: str | None = None, progress: Progress | None = None
    ) -> SyncReport:
        """Sync with the province's server and return what was done.

        Args:
            url: where it is; else as the invitation said.
            progress: called with ``up`` or ``down``, how much is done, and of how much.

        Raises:
            TransportError: not reached; all that was saved is safe here.
            StoreLockedError: another sync of this workspace is running.
            RemoteProtocolError, BadSignatureError, AccessError: what came back cannot
                be believed; nothing of it was used.
        """
        urls = (url,) if url else self.server_urls()
        if not urls:
            raise TransportError("transport.no_url")
        with self.store.only_one():
            try:
                return self._sync_with_one(urls, progress)
            finally:
                self.reload()

    def _sync_with_one(
        self, urls: Sequence[str], progress: Progress | None
    ) -> SyncReport:
        for place, url in enumerate(urls, 1):
            try:
                with HttpLink(url) as link:
                    return Syncing(
                        self.store, self.installation, self.roster, link, progress
                    ).run()
            except TransportError:
                if place == len(urls):
                    raise
        raise AssertionError("there is at least one address")

    def bundle_out(self, target: Path | str) -> tuple[Path, int]:
        """Write what is to travel into a file; return its path and how many envelopes.

        Args:
            target: the file; or a folder, such as a stick.

        Raises:
            StoreError: the disk is full, or cannot be written.
        """
        keys = device_keys(self.installation)
        Session(self.store, keys, self.roster).cut()
        words = self.installation.first_words(self.roster)
        envelopes = list(outgoing(self.store, keys, self.roster, words))
        return write_bundle(Path(target), envelopes, keys.epoch), len(envelopes)

    def bundle_in(self, source: Path | str) -> Brought:
        """Take in what a bundle, or every bundle in a folder, brings.

        Raises:
            NotFoundError: there is none.
            CodecError: it is no bundle.
            AccessError: it is another province's.
        """
        keys = device_keys(self.installation)
        whole = Brought()
        try:
            for _, data in read_bundles(Path(source)):
                session = Session(self.store, keys, self.roster)
                brought = take_bundle(data, self.store, keys, session)
                whole.ours += brought.ours
                whole.carried += brought.carried
                whole.faults += brought.faults
                self.reload()
        finally:
            self.reload()
        return whole

    def digests(self, areas: Iterable[str] = ()) -> dict[str, str]:
        """Return the digest of the province's parts held here, by area prefix, in hex.

        Args:
            areas: the prefixes; else those of this person's scope.
        """
        wanted = tuple(areas) or self.roster.scope(self.person).areas
        return {area: self.store.digest(area).hex() for area in wanted}

"""The run of pages: all up to one head become visible together.

*Staged*: the bytes of each page are kept until the last is here, over any number of
sessions; then all are applied in one transaction. *At once*: where the line is quick,
whoever drives the session holds one transaction around the rest of the run, and a page
is applied while the next is fetched. Whatever breaks off, nothing of it has happened.
"""

from fieldkit.collector import resting
from fieldkit.errors import RemoteProtocolError
from fieldkit.sync.applying import GAP, apply_page
from fieldkit.sync.entries import Keys
from fieldkit.sync.pages import Page, PageHeader, open_page, read_page_header
from fieldkit.sync.replica import Replica


class PageRun:
    """The pages of one run, on their way into a replica.

    Attributes:
        applied: how many parts became visible.
        at_once: whether pages are applied as they come, in a transaction held outside.
    """

    def __init__(self, replica: Replica) -> None:
        self.applied = 0
        self.at_once = False
        self._replica = replica
        self._headers: list[PageHeader] | None = None
        self._aside: list[Page] = []

    @property
    def last(self) -> PageHeader | None:
        """Return the header of the last page that is here."""
        if self._headers is None:
            staged = self._replica.staged()[-1:]
            self._headers = list(map(read_page_header, staged))
        return self._headers[-1] if self._headers else None

    @property
    def reached(self) -> int:
        """Return the last position that is here, visible or not."""
        last = self.last
        return last.to if last else self._replica.cursor().position

    @property
    def is_open(self) -> bool:
        """Return whether a run has begun and not come to its end."""
        last = self.last
        return last is not None and last.more

    def continues(self, header: PageHeader) -> bool:
        """Return whether a page goes on from what is here.

        It must lean on nothing that was not applied here, and begin no later than
        what is here ends, in the same run.
        """
        last = self.last
        if last is not None and last.head != header.head:
            return False
        base = self._replica.cursor().position
        return header.base <= base and header.after <= self.reached < header.to

    def take(self, data: bytes, page: Page, receipt_keys: Keys) -> None:
        """Take a page that continues the run; apply all of it if it is the last.

        Called inside a transaction.

        Raises:
            RemoteProtocolError: see ``apply_page``; the transaction must be given up.
        """
        if self.at_once:
            self._aside.append(page)
            self._headers = [page.header]
            return
        self._replica.stage(page.header.to, data)
        self._headers = None
        if not page.header.more:
            self._apply_staged(receipt_keys)
            self._end(page.header.to)

    def begin_at_once(self, receipt_keys: Keys) -> None:
        """Apply what is staged, and from now on each page when ``apply_next`` says so.

        The caller holds one transaction from here to ``end_at_once``, calls
        ``apply_next`` after each page, best while the next is under way, and on any
        error gives up the transaction and the session.
        """
        last = self.last
        self._apply_staged(receipt_keys)
        self._replica.clear_staged()
        self._headers = [last] if last else []
        self.at_once = True

    def apply_next(self) -> None:
        """Apply what came since; the last page of a run makes all of it visible."""
        pages, self._aside = self._aside, []
        for page in pages:
            with resting():
                self.applied += apply_page(self._replica, page)
            if not page.header.more:
                self._end(page.header.to)
                self.at_once = False

    def end_at_once(self) -> None:
        """Return if the run came to its end, and all of it will be visible.

        Raises:
            RemoteProtocolError: it did not; the transaction must be given up.
        """
        if self.is_open:
            raise RemoteProtocolError(GAP)

    def clear(self) -> None:
        """Give up what is staged."""
        self._replica.clear_staged()
        self.forget()

    def forget(self) -> None:
        """Look anew at what is staged: something else has changed it."""
        self._headers, self._aside = None, []

    def _apply_staged(self, receipt_keys: Keys) -> None:
        with resting():
            for data in self._replica.staged():
                page = open_page(data, receipt_keys)
                self.applied += apply_page(self._replica, page)

    def _end(self, position: int) -> None:
        with resting():
            self._replica.absorb()
        self.clear()
        self._replica.set_cursor(self._replica.cursor()._replace(position=position))

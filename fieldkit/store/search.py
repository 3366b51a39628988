"""The search: which records hold these letters, in any part of a word.

Trigrams find candidates among the normalised texts and ``instr`` decides, as the index
keeps no places. One or two letters have no trigram: the texts are looked through.
A part has one text; what was written here and is not absorbed yet has one of its own.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from fieldkit.records.part import Entry
from fieldkit.store.connection import Connection
from fieldkit.store.facts import Facts
from fieldkit.store.tables import Tables
from fieldkit.thai.text import search_key

OWN: Final = 7
"""Stands for a class: the text of what was written here and is not absorbed."""
_GRAM: Final = 3
_WAITING_MAX: Final = 20_000
Text = tuple[int, str]


class Found(NamedTuple):
    """A record that a search found."""

    record_id: bytes
    form_id: str


class Search(Tables):
    """The texts of records, and their index.

    A save writes no index: its text waits in ``unsearched``, where a search looks
    through it as it stands. Once many wait they are indexed in one go, which costs a
    tenth of indexing each; a stale entry does no harm, since the text itself decides.
    """

    def __init__(self, connection: Connection, facts: Facts) -> None:
        super().__init__(connection, facts)
        self._waits = False
        connection.before_commit.append(self._fill_index)

    def _forget(self) -> None:
        super()._forget()
        self._waits = False

    def find(self, text: str, limit: int = 50) -> list[Found]:
        """Return the records in which every word of ``text`` stands, newest first.

        A word may be any part of a word, from one letter on; spelling, capitals, Thai
        digits and spaces do not matter.
        """
        words = [key for word in text.split() if (key := search_key(word))]
        if not words:
            return []
        where = " AND ".join(["instr(t.text, ?)"] * len(words))
        source, values = _source(words)
        # Of several parts of a record the first found counts: so look at more rows.
        rows = self._db.rows(
            f"SELECT t.key >> 3 FROM {source} WHERE {where}"
            " ORDER BY t.key DESC LIMIT ?",
            [*values, *words, limit * 4],
        )
        numbers = list(dict.fromkeys(row[0] for row in rows))[:limit]
        return self._named(numbers)

    def _named(self, numbers: Sequence[int]) -> list[Found]:
        select = (
            "SELECT r.number, r.record_id, f.form_id FROM records r"
            " JOIN form_names f ON f.number = r.form WHERE r.number IN ({keys})"
        )
        known = {
            row[0]: Found(row[1], row[2]) for row in self._db.pick(select, numbers)
        }
        return [known[number] for number in numbers if number in known]

    def _text_of(self, layout: bytes, values: Sequence[object]) -> str:
        """Return what is searched of one write's values, or an empty text."""
        places = self._searched_places(layout)
        if not places:
            return ""
        # The values are set side by side: whoever types first and last name in one
        # word finds both.
        return search_key(" ".join([str(values[p]) for p in places if values[p]]))

    def _text_of_entries(self, entries: Iterable[Entry]) -> str:
        found = (self._text_of(entry.layout, entry.values) for entry in entries)
        return "\n".join(dict.fromkeys(filter(None, found)))

    # --- Writing ---

    def _add_texts(self, texts: list[Text]) -> None:
        """Keep texts of rows that had none."""
        self._db.many("INSERT INTO texts VALUES (?, ?)", texts)
        self._wait(key for key, _ in texts)

    def _put_texts(self, texts: Iterable[Text]) -> None:
        """Keep texts in place of those that the rows may have; an empty one is none."""
        given = dict(texts)
        select = "SELECT key, text FROM texts WHERE key IN ({keys})"
        had = dict(self._db.pick(select, list(given)))
        changed = {key: text for key, text in given.items() if had.get(key, "") != text}
        kept = [(key, text) for key, text in changed.items() if text]
        gone = [(key,) for key, text in changed.items() if not text]
        self._db.many("INSERT OR REPLACE INTO texts VALUES (?, ?)", kept)
        self._db.many("DELETE FROM texts WHERE key = ?", gone)
        self._wait(changed)

    def _wait(self, keys: Iterable[int]) -> None:
        rows = [(key,) for key in keys]
        self._waits = self._waits or bool(rows)
        self._db.many("INSERT OR IGNORE INTO unsearched VALUES (?)", rows)

    def _fill_index(self) -> None:
        """Index what waits, if it is much: the end of each transaction calls this."""
        if not self._waits:
            return
        self._waits = False
        if self._db.value("SELECT count(*) FROM unsearched") < _WAITING_MAX:
            return
        indexed = "SELECT id FROM grams_docsize"
        self._db.run(
            f"DELETE FROM grams WHERE rowid IN (SELECT key FROM unsearched"
            f" WHERE key IN ({indexed}))"
        )
        self._db.run(
            "INSERT INTO grams (rowid, words)"
            " SELECT key, text FROM unsearched JOIN texts USING (key)"
        )
        self._db.run("DELETE FROM unsearched")


def _source(words: Sequence[str]) -> tuple[str, list[str]]:
    """Return the table to look through, and the values that stand in it."""
    grams = [
        word[place : place + _GRAM]
        for word in words
        for place in range(len(word) - _GRAM + 1)
    ]
    if not grams:
        return "texts t", []
    query = " AND ".join('"' + gram.replace('"', '""') + '"' for gram in grams)
    candidates = (
        "(SELECT rowid AS n FROM grams WHERE grams MATCH ?"
        " UNION SELECT key FROM unsearched)"
    )
    return f"{candidates} JOIN texts t ON t.key = n", [query]

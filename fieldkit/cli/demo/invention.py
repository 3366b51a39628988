"""The invention: villages, persons and screenings of the story, as files to import."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fieldkit.cli.demo.cast import CAST, VILLAGES, Member
from fieldkit.client.library import shipped_texts
from fieldkit.forms.document import read_list
from fieldkit.thai.invented import Answers, Province

SEED: Final = "demo"
GROUPS: Final = 9
_RARE: Final = 20_000
_LIST: Final = "lists/population_group/1.yaml"
Row = Mapping[str, Any]


class Invention:
    """What the volunteers of the story will find."""

    def __init__(self, count: int) -> None:
        self._province = Province(SEED, within=VILLAGES)
        self.people = self._with_all_groups(count)
        self.groups = Counter(group for one in self.people for group in _groups(one))

    def _with_all_groups(self, count: int) -> list[Answers]:
        """Return so many persons; a group that is rare comes from further down."""
        found = list(self._province.people(count))
        known = {group for one in found for group in _groups(one)}
        if len(known) < GROUPS:
            for one in self._province.people(_RARE):
                if not known.issuperset(_groups(one)):
                    known.update(_groups(one))
                    found[-len(known)] = one
        return found

    def villages(self) -> list[tuple[str, str]]:
        """Return code and name of every village of the province."""
        return list(self._province.villages())

    def people_of(self, member: Member) -> list[Answers]:
        """Return the persons whom a volunteer surveys."""
        return [one for one in self.people if member.surveys_in(str(one["village"]))]

    def screenings_of(
        self, people: Iterable[Answers], ids: Iterable[str]
    ) -> dict[str, list[Row]]:
        """Return the screenings of persons as rows, by form; ids are in their order."""
        rows: dict[str, list[Row]] = {}
        for person, record_id in zip(people, ids, strict=True):
            for screening in self._province.screenings(person):
                row = {"_subject": record_id, **screening.answers}
                rows.setdefault(screening.form_id, []).append(row)
        return rows

    def screenings_count(self) -> int:
        """Return how many screenings there will be."""
        of = self._province.screenings
        people = (one for member in CAST for one in self.people_of(member))
        return sum(1 for one in people for _ in of(one))


def _groups(answers: Answers) -> list[str]:
    groups = answers.get("groups", [])
    return [str(group) for group in groups] if isinstance(groups, list) else []


def group_labels() -> dict[str, tuple[str, str]]:
    """Return the name of each population group in Thai and English."""
    groups = read_list(shipped_texts()[_LIST]).choices
    return {str(one.name): (one.label.th, one.label.en) for one in groups}


def write_villages(path: Path, villages: Iterable[tuple[str, str]]) -> Path:
    """Write the villages as the server imports them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("code", "th"))
        writer.writerows(villages)
    return path


def write_rows(path: Path, rows: Iterable[Row]) -> Path:
    """Write rows as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_lines(rows))
    return path


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"

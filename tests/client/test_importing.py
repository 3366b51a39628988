from collections.abc import Mapping

import pytest

from fieldkit.client.importing import Line, flat
from fieldkit.client.workspace import Workspace
from fieldkit.errors import NotFoundError
from fieldkit.records.change import change_bytes, identify, read_change
from tests.client.office import PERSON


def lines(*rows: Mapping[str, object]) -> list[Line]:
    return list(enumerate(rows, 1))


def test_rows_that_fit_are_saved_and_others_told_by_line(ws: Workspace) -> None:
    rows = lines(PERSON, {"first_name": "ไม่มีบ้าน"}, PERSON | {"sex": "5"}, PERSON)

    report = ws.import_rows("person", rows)

    assert report.saved == 2
    assert [one.line for one in report.refused] == [2, 3]
    assert "หมู่บ้าน" in report.refused[0].reason_th
    assert "choices" in report.refused[1].reason_en
    assert ws.store.record_count("person") == 2


def test_an_imported_row_is_the_record_that_typing_it_makes(ws: Workspace) -> None:
    row = PERSON | {"sex": 1, "groups": ["muslim", "older_person"], "income": "1,200"}
    typed = ws.said(ws.record(ws.add("person", row))).answers

    report = ws.import_rows("person", lines(row))

    assert ws.said(ws.record(report.ids[0])).answers == typed


def test_imported_saves_are_the_changes_that_their_bytes_make(ws: Workspace) -> None:
    person = ws.import_rows("person", lines(PERSON, PERSON)).ids[0]
    answers = {"screened_on": "2026-11-01", **dict.fromkeys(_items(ws), "no")}
    ws.import_rows("screening_2q", lines(answers | {"_subject": person.hex()}))

    saved = ws.store.uncut(10)

    assert len(saved) == 3
    for one in saved:
        change = read_change(one.data)
        seed = ws.installation.seed(one.epoch, one.counter)
        assert change_bytes(change) == one.data
        assert identify(change, seed).hash == one.hash


def test_screenings_hang_on_the_person_that_their_row_names(ws: Workspace) -> None:
    person = ws.add("person", PERSON)
    answers = {"screened_on": "2026-11-01", **dict.fromkeys(_items(ws), "no")}
    rows = lines(
        answers | {"_subject": person.hex()[:12]},
        answers,
        answers | {"_subject": "ffff"},
    )

    report = ws.import_rows("screening_2q", rows)

    assert [one.line for one in report.refused] == [2, 3]
    assert ws.record(report.ids[0]).subject == person


def test_a_form_with_repeats_is_imported_too(ws: Workspace) -> None:
    home = {"village": "90110103", "house_number": "12/3"}
    whole = home | {"members": [{"name": "แดง", "age": 7}, {"name": "ดำ"}]}

    report = ws.import_rows("household", lines(whole, {"house_number": "4"}))

    assert [one.line for one in report.refused] == [2]
    record = ws.record(report.ids[0])
    said = ws.said(record).answers
    names = [said[f"{path}/name"] for path in record.instances("members")]
    assert sorted(map(str, names)) == ["ดำ", "แดง"]


def test_an_unknown_column_stops_the_import(ws: Workspace) -> None:
    with pytest.raises(NotFoundError):
        ws.import_rows("person", lines(PERSON | {"nonsense": 1}))

    assert ws.store.record_count() == 0


def test_minus_zero_is_zero(ws: Workspace) -> None:
    report = ws.import_rows("place", lines(_place(ws)))

    assert report.saved == 1


def test_progress_is_told(ws: Workspace) -> None:
    told: list[tuple[int, int]] = []

    ws.import_rows("person", lines(PERSON, PERSON), lambda *one: told.append(one), 2)

    assert told == [(2, 2)]


def test_exported_rows_are_imported_again(ws: Workspace) -> None:
    ws.add("person", PERSON | {"groups": ["muslim"], "income": 5})
    ws.add("household", {"village": "90110103", "house_number": "1",
                         "members": [{"name": "แดง", "age": 7}]})  # fmt: skip
    for form_id in ("person", "household"):
        (row,) = ws.export_rows(form_id)
        report = ws.import_rows(form_id, lines(row))
        assert report.refused == []
        first, second = ws.export_rows(form_id)
        assert _without_ids(first) == _without_ids(second)


def test_what_people_differ_on_is_exported_beside(ws: Workspace) -> None:
    person = ws.add("person", PERSON)
    ours, theirs = ws.open_for_edit(person), ws.open_for_edit(person)
    ours.save({"last_name": "ก"})
    theirs.save({"last_name": "ข"})

    (row,) = ws.export_rows("person")

    assert sorted(row["who/last_name__contested"]) == ["ก", "ข"]
    assert "who/last_name" not in row


def test_nested_answers_become_registers() -> None:
    assert flat({"a": {"b": [{"c": 1}]}}) == {"a/b[1]/c": 1}


def _items(ws: Workspace) -> list[str]:
    form = ws.form("screening_2q")
    return [q.path for q in form.questions if q.required and q.type == "select_one"]


def _place(ws: Workspace) -> dict[str, object]:
    found: dict[str, object] = {}
    for question in ws.form("place").stored:
        if question.type == "geopoint":
            found[question.path] = [-0.0, 100.5]
        elif question.required is not None:
            choices = question.choices
            found[question.path] = choices[0].name if choices else "90110103"
    return found


def _without_ids(row: object) -> object:
    if isinstance(row, dict):
        return {k: _without_ids(v) for k, v in row.items() if k != "_id"}
    return [_without_ids(one) for one in row] if isinstance(row, list) else row

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.errors import AnswerError, NotFoundError
from fieldkit.exchange.spreadsheets import (
    cell,
    count_lines,
    csv_pieces,
    jsonl_pieces,
    read_rows,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_json_lines_keep_their_numbers(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", b'{"a": 1}\n\nnonsense\n[1]\n{"a": 2}')

    rows = list(read_rows(path))

    assert [line for line, _ in rows] == [1, 3, 4, 5]
    assert rows[0][1] == {"a": 1}
    assert isinstance(rows[1][1], AnswerError)
    assert isinstance(rows[2][1], AnswerError)
    assert count_lines(path) == 4


def test_csv_from_excel_is_read(tmp_path: Path) -> None:
    data = '\ufeffชื่อ,b\r\nก,\r\n\r\n,\r\n"x\ny",2,3\r\n'.encode()

    rows = list(read_rows(written(tmp_path, "a.csv", data)))

    assert rows[0] == (2, {"ชื่อ": "ก"})
    assert isinstance(rows[1][1], AnswerError)


def test_another_kind_of_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        list(read_rows(tmp_path / "a.docx"))


@given(st.binary(max_size=200), st.sampled_from(["a.csv", "a.jsonl"]))
def test_any_bytes_give_rows_or_errors_of_ours(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = written(tmp_path_factory.mktemp("rows"), name, data)

    for _, row in read_rows(path):
        assert isinstance(row, dict | AnswerError)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), TEXTS, min_size=1)))
def test_what_was_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    whole = [{"a": "x"} | row for row in rows]

    lines = written(folder, "a.jsonl", b"".join(jsonl_pieces(whole)))
    table = written(folder, "a.csv", b"".join(csv_pieces(whole, ["a", "b", "c"])))

    assert [row for _, row in read_rows(lines)] == whole
    assert [row for _, row in read_rows(table)] == whole


@pytest.mark.parametrize("text", ["=1+1", "@sum", "+cmd|x", "-1+1", "\tx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == "'" + text


@pytest.mark.parametrize("value", ["+66 81 234 5678", "-55", -5, 1.5, "ก"])
def test_numbers_and_telephones_stay_as_they_are(value: object) -> None:
    assert cell(value) == str(value)


def test_lists_and_rows_have_a_cell(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", b"".join(
        csv_pieces([{"a": ["x", "y"], "b": [1.0, None], "c": [{"n": "ก"}]}], "abc")
    ))  # fmt: skip

    with path.open(encoding="utf-8-sig") as file:
        (_, row) = csv.reader(file)

    assert row == ["x y", "1.0 ", '{"n": "ก"}']

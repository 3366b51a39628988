import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fieldkit.cli.application import app

SCHEMAS = Path(__file__).parents[2] / "schemas"


def run(*arguments: str, given: str | None = None, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments, input=given)
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def answers(*lines: object) -> list[dict[str, object]]:
    given = "\n".join(json.dumps(line) for line in lines)
    return [
        json.loads(line)
        for line in run("form", "eval", "--jsonl", given=given).splitlines()
    ]


def value(expression: str, **more: object) -> object:
    (answer,) = answers({"expression": expression, **more})
    return answer["value"]


def test_every_form_is_listed_with_its_title() -> None:
    assert "screening_9q\t1\tแบบประเมินโรคซึมเศร้า 9 คำถาม (9Q)" in run("form", "list")
    assert "Person" in run("--lang", "en", "form", "list")


def test_the_language_may_be_named_at_the_end_of_the_line() -> None:
    assert "Person" in run("form", "list", "--lang", "en")


def test_forms_are_listed_as_json() -> None:
    forms = json.loads(run("form", "list", "--json"))

    assert {"person", "referral"} <= {form["form_id"] for form in forms}


def test_a_form_shows_its_questions_and_choices() -> None:
    shown = run("form", "show", "screening_2q")

    assert "* " in shown
    assert "[select_one]" in shown


def test_a_form_is_shown_as_json() -> None:
    form = json.loads(run("form", "show", "person", "--json"))
    first = next(q for q in form["questions"] if q["path"] == "who/first_name")

    assert first["label"]["th"] == "ชื่อ"
    assert first["required"] == "true()"


def test_an_unknown_form_is_told_with_its_exit_code() -> None:
    assert "nowhere" in run("form", "show", "nowhere", code=10)


@pytest.mark.parametrize("file", sorted(SCHEMAS.glob("forms/*/*.yaml")), ids=str)
def test_every_form_that_ships_is_sound(file: Path) -> None:
    run("form", "check", str(file))


def test_a_faulty_form_is_told_by_row(tmp_path: Path) -> None:
    file = tmp_path / "faulty.yaml"
    whole = (SCHEMAS / "forms/place/1.yaml").read_text("utf-8")
    file.write_text(whole.replace("type: text", "type: tekst", 1), "utf-8")

    found = json.loads(run("form", "check", str(file), "--json", code=3))

    assert found[0]["row"] > 1
    assert found[0]["message"]


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"a: [", b"- 1"])
def test_bytes_that_are_no_form_are_told(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "bytes.yaml"
    file.write_bytes(data)

    assert "form." in run("form", "check", str(file), code=3)


# --- Expressions ---


def test_a_line_in_gives_a_line_out() -> None:
    found = answers(
        {"expression": "1 + 1"},
        {"expression": "${age} >= 60", "answers": {"age": 61}},
        {"expression": "1 +"},
    )

    assert found[:2] == [{"value": 2}, {"value": True}]
    assert found[2]["error"]["code"] == "expression.end"  # type: ignore[index]


def test_a_line_that_is_no_question_is_told_and_the_next_is_answered() -> None:
    given = 'nonsense\n{"expression": 7}\n[]\n\n{"expression": "7"}\n'

    lines = run("form", "eval", "--jsonl", given=given).splitlines()

    codes = [json.loads(line)["error"]["code"] for line in lines[:3]]
    assert codes == ["eval.line"] * 3
    assert json.loads(lines[3]) == {"value": 7}


def test_answers_may_lie_in_groups_and_repeats() -> None:
    given = {"home/village": "90110103", "members": [{"age": 3}, {"age": 80}]}

    assert value("${village}", answers=given) == "90110103"
    assert value("sum(${age})", answers=given) == 83
    assert value("count(/data/members)", answers=given) == 2


def test_numbers_that_json_does_not_know_have_a_name() -> None:
    assert value("number('x')") == {"num": "NaN"}
    assert value("-1 div 0") == {"num": "-Infinity"}


def test_the_time_and_its_zone_may_be_given() -> None:
    late = {"now": "2026-11-22T18:00:00Z"}

    assert value("today()", **late) == "2026-11-23"
    assert value("today()", tz="UTC", **late) == "2026-11-22"
    assert value("today()", tz="-05:00", **late) == "2026-11-22"


def test_an_expression_is_evaluated_at_a_node_of_a_document() -> None:
    xml = "<root><a>1</a><b at='x'>2<c>3</c></b><!-- note --></root>"

    assert value("../a + 1", xml=xml, node="/*[1]/*[2]") == 2
    assert value("//c", xml=xml) == [{"path": "/*[1]/*[2]/*[1]", "text": "3"}]
    assert value("//@at", xml=xml) == [{"path": "/*[1]/*[2]/@at", "text": "x"}]
    assert value("//comment()", xml=xml)[0]["path"] == "/*[1]/comment()[1]"  # type: ignore[index]
    assert value("/c", xml=xml, root="/*[1]/*[2]", **{"as": "number"}) == 3


def test_the_kind_of_value_may_be_asked_for() -> None:
    xml = "<root><a>1</a></root>"

    assert value("/root/a", xml=xml, **{"as": "string"}) == "1"
    assert value("/root/a", xml=xml, **{"as": "number"}) == 1
    assert value("/root/b", xml=xml, **{"as": "boolean"}) is False


def test_names_with_a_namespace_are_found() -> None:
    xml = "<r xmlns:h='urn:h'><h:a>5</h:a></r>"

    assert (
        value("/r/x:a", xml=xml, namespaces={"x": "urn:h"}, **{"as": "string"}) == "5"
    )


@pytest.mark.parametrize(
    "xml",
    [
        "<a>",
        "",
        "<!DOCTYPE a [<!ENTITY b 'bb'>]><a>&b;</a>",
        "<a>" * 1_000 + "</a>" * 1_000,
    ],
)
def test_xml_that_cannot_be_used_is_told(xml: str) -> None:
    (answer,) = answers({"expression": "1", "xml": xml})

    assert answer["error"]["code"].startswith("xml.")  # type: ignore[index]


def test_one_expression_is_evaluated_by_itself() -> None:
    said = run("form", "eval", "${a} + 1", "--answers", '{"a": 2}')

    assert json.loads(said) == {"value": 3}


def test_the_command_answers_from_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "fieldkit", "form", "eval", "--jsonl"]
    line = json.dumps({"expression": "concat('ก', ${ข})", "answers": {"ข": "ค"}})

    done = subprocess.run(
        command, input=line, capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout) == {"value": "กค"}

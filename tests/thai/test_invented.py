"""The invented province is believable, answers real forms, and nobody in it exists."""

import hashlib
import re
from bisect import bisect
from collections import Counter
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from fieldkit.codec import encode
from fieldkit.thai.areas import areas
from fieldkit.thai.citizen_id import inspect
from fieldkit.thai.dates import parse_date
from fieldkit.thai.draws import Draws, spread
from fieldkit.thai.invented import Province, typo
from fieldkit.thai.invented_screenings import ADL_MAX
from fieldkit.thai.text import normalise, sound_key

TODAY = "2025-09-30"


@cache
def people():
    return tuple(Province(7).people(3000))


@cache
def screenings():
    province = Province(7)
    return tuple(s for person in people()[:1500] for s in province.screenings(person))


@cache
def questions(form_id: str) -> dict[str, Any]:
    """Return the questions of a form by name, each with the codes of its choices."""
    schemas = resources.files("schemas")
    document = _yaml(schemas / "forms" / form_id / "1.yaml")
    lists = document.get("choices", {})
    found: dict[str, Any] = {}
    waiting = list(document["survey"])
    while waiting:
        question = waiting.pop()
        waiting += question.get("survey", [])
        kind, _, name = question["type"].partition(" ")
        if kind.startswith("select"):
            choices = lists[name]
            if isinstance(choices, str):
                path = choices.removeprefix("list://")
                choices = _yaml(schemas / "lists" / f"{path}.yaml")["choices"]
            question["codes"] = [choice["name"] for choice in choices]
        found[question["name"]] = question
    return found


def _yaml(path: Traversable) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


def fits(form_id: str, answers: dict[str, Any]) -> list[str]:
    """Return what in ``answers`` the form does not know."""
    wrong = []
    for name, value in answers.items():
        question = questions(form_id).get(name)
        if question is None:
            wrong.append(name)
        elif codes := question.get("codes"):
            given = value if isinstance(value, list) else [value]
            wrong += [f"{name}={code}" for code in given if code not in codes]
    return wrong


def test_a_seed_gives_the_same_province_on_every_machine():
    lines = [encode(person) for person in Province(1).people(200)]

    assert hashlib.sha256(b"".join(lines)).hexdigest()[:16] == "3ef93b391276bd07"


def test_another_seed_gives_another_province():
    assert list(Province(1).people(5)) != list(Province(2).people(5))


def test_a_long_run_begins_as_a_short_one():
    assert list(islice(Province(3).people(500), 50)) == list(Province(3).people(50))


def test_every_answer_fits_its_form():
    province = Province(7)

    assert [wrong for person in people() for wrong in fits("person", person)] == []
    assert [w for s in screenings() for w in fits(s.form_id, s.answers)] == []
    for home in province.households(300):
        assert fits("household", home.answers) == []
    for place in province.places(300):
        assert fits("place", place) == []


def test_what_a_form_requires_is_there():
    assert all(person["first_name"] and person["village"] for person in people())
    for form_id, answers in screenings():
        required = {n for n, q in questions(form_id).items() if q.get("required")}

        assert required <= answers.keys()


def test_texts_keep_to_the_constraints_of_the_form():
    for person in people():
        assert re.fullmatch(r"\+?[0-9 -]{3,20}", person.get("phone", "1669"))
        assert re.fullmatch(r"[0-9]{13}", person.get("citizen_id", "0" * 13))
        assert 0 <= person.get("income", 0) <= 10_000_000


def test_citizen_ids_are_valid_unique_and_of_no_registry():
    numbers = [person["citizen_id"] for person in people() if "citizen_id" in person]

    assert all(inspect(number).valid_check for number in numbers)
    assert {number[1:5] for number in numbers} == {"9999", "0999"}
    assert len(set(numbers)) == len(numbers)


def test_all_nine_groups_live_in_the_province():
    groups = Counter(group for person in people() for group in person.get("groups", []))

    assert set(groups) == set(questions("person")["groups"]["codes"])
    assert 0.25 < groups["older_person"] / 3000 < 0.40
    assert 0.22 < groups["muslim"] / 3000 < 0.35
    assert 0.05 < groups["person_with_disability"] / 3000 < 0.15
    assert groups["homeless_person"] < groups["migrant_worker"] < groups["muslim"]


def test_an_older_person_is_one_by_the_date_of_birth():
    for person in people():
        exact = person["birth_precision"] == "day"
        if exact and person["birth_date"] < "1964":
            assert "older_person" in person["groups"]
        if exact and person["birth_date"] > "1967":
            assert "older_person" not in person.get("groups", [])


def test_disabilities_come_with_the_group_that_makes_them_relevant():
    for person in people():
        assert ("disabilities" in person) == (
            "person_with_disability" in person.get("groups", [])
        )


def test_nothing_happens_after_today():
    assert all(parse_date(person["birth_date"]).iso <= TODAY for person in people())
    assert all(s.answers["screened_on"] <= TODAY for s in screenings())


def test_names_are_many_and_clean():
    first = {person["first_name"] for person in people()}
    last = {person["last_name"] for person in people() if "last_name" in person}

    assert len(first) >= 300
    assert len(last) >= 400
    assert all(normalise(name) == name for name in first | last)


def test_one_in_ten_has_a_note_of_some_length():
    notes = [person["note"] for person in people() if "note" in person]

    assert 0.07 < len(notes) / len(people()) < 0.13
    assert all(40 <= len(note) <= 160 and "{" not in note for note in notes)
    assert len(set(notes)) > 0.9 * len(notes)


def test_villages_hang_below_the_real_tambons():
    province = Province(1)
    grown = areas().with_villages(province.villages())

    assert len(grown) - len(areas()) == 127 * 12
    assert all(person["village"] in grown for person in province.people(300))


def test_a_province_can_be_narrowed_to_some_areas():
    within = ("901101", "90110203")

    assert all(
        str(person["village"]).startswith(within)
        for person in Province(1, within=within).people(200)
    )


def test_another_province_can_be_invented():
    assert all(str(p["village"]).startswith("40") for p in Province(1, "40").people(50))
    assert all("point" not in h.answers for h in Province(1, "40").households(50))


def test_people_are_the_members_of_the_households_in_order():
    members = [p for home in Province(1).households(50) for p in home.people]

    assert list(Province(1).people(len(members))) == members


def test_a_household_shares_its_village():
    for home in Province(1).households(200):
        villages = {person["village"] for person in home.people}

        assert villages == {home.answers["village"]}


def test_two_and_a_half_screenings_a_person():
    assert 2.4 < len(screenings()) / 1500 < 3.2
    assert {s.form_id for s in screenings()} == {
        *("screening_2q", "screening_9q", "barthel_adl", "st5", "wg_ss"),
    }


def test_the_screenings_of_a_person_do_not_depend_on_the_run():
    person = people()[3]

    assert list(Province(7).screenings(person)) == list(Province(7).screenings(person))


def totals(form_id: str, stem: str) -> list[int]:
    return [_total(s.answers, stem) for s in screenings() if s.form_id == form_id]


def test_scores_are_spread_over_all_bands():
    nine = totals("screening_9q", "q9_")
    adl = totals("barthel_adl", "adl_")

    assert {sum(total >= edge for edge in (7, 13, 19)) for total in nine} == set(
        range(4)
    )
    assert {bisect([5, 12], total) for total in adl} == {0, 1, 2}
    assert sum(total <= 11 for total in adl) < 0.35 * len(adl)
    assert max(adl) <= sum(ADL_MAX)


def _total(answers: dict[str, Any], stem: str) -> int:
    return sum(value for name, value in answers.items() if name.startswith(stem))


def test_a_nine_is_asked_only_after_a_positive_two():
    for person in people()[:500]:
        found = {s.form_id: s.answers for s in Province(7).screenings(person)}
        if "screening_9q" in found:
            assert _total(found["screening_2q"], "q2_") >= 1


@given(st.integers(), st.sampled_from(["สมชาย", "ณัฐพงษ์", "อับดุลเลาะ", "ศรีสุวรรณ", "กก"]))
def test_a_typo_is_another_text(seed: int, name: str):
    assert typo(name, seed) != name
    assert typo(name, seed) == typo(name, seed)


@given(st.text(max_size=12))
def test_any_text_can_be_mistyped(text: str):
    assert typo(text) != text


def test_most_typos_still_sound_alike():
    names = sorted({person["first_name"] for person in people()})
    alike = sum(sound_key(typo(name)) == sound_key(name) for name in names)

    assert alike / len(names) > 0.4


@given(st.integers(), st.integers(1, 1000))
def test_draws_stay_in_their_bounds(seed: int, bound: int):
    draws = Draws("test", seed)

    assert 0 <= draws.below(bound) < bound
    assert 5 <= draws.between(5, 5 + bound) <= 5 + bound
    assert not draws.chance(0)
    assert draws.chance(100)
    assert draws.pick("ก") == "ก"


@pytest.mark.parametrize(("item", "share"), [("a", 0.75), ("b", 0.25)])
def test_draws_meet_each_item_by_its_weight(item: str, share: float):
    draws = Draws("weights")
    table = spread({"a": 75, "b": 25})
    met = sum(draws.pick(table) == item for _ in range(20_000))

    assert abs(met / 20_000 - share) < 0.02

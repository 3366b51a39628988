"""The score: a total from all items, its band, flags beside it, and the actions."""

from fieldkit.forms.evaluate import Evaluation
from fieldkit.forms.score import band_of, score, score_of
from tests.forms.library import NOW, library, small

BANDS = (
    "bands: [{from: 0, to: 4, code: low, label: {th: น้อย}},"
    " {from: 5, to: 9, code: high, label: {th: มาก}}]"
)


def test_a_form_without_a_score_still_proposes_what_to_do() -> None:
    form = library().latest("home_visit")

    found = score(form, {"outcome": "absent"}, NOW)

    assert (found.value, found.band, found.red_flags) == (None, None, ())
    assert [(a.kind, a.target, a.within_days) for a in found.actions] == [
        ("follow_up", "revisit", 7)
    ]


def test_an_item_that_is_not_to_be_asked_is_not_missing() -> None:
    form = small(
        """
        {type: integer, name: a, label: {th: ก}}
        {type: integer, name: b, label: {th: ก}, relevant: "${a} > 0"}
        {type: calculate, name: total, calculation: "${a} + coalesce(${b}, 0)"}
        """,
        f"score: {{of: total, {BANDS}}}",
    )

    assert score(form, {"a": 0}, NOW).value == 0
    assert score(form, {"a": 1}, NOW).value is None
    assert score(form, {"a": 1, "b": 4}, NOW).band == "high"


def test_items_may_be_named_where_the_total_does_not_use_them() -> None:
    form = small(
        """
        {type: integer, name: a, label: {th: ก}}
        {type: integer, name: b, label: {th: ก}}
        {type: calculate, name: total, calculation: "${a}"}
        """,
        f"score: {{of: total, items: [a, b], {BANDS}}}",
    )

    assert score(form, {"a": 1}, NOW).value is None
    assert score(form, {"a": 1, "b": 1}, NOW).value == 1


def test_a_total_outside_all_bands_has_none() -> None:
    form = small(
        "{type: integer, name: a, label: {th: ก}}\n"
        '{type: calculate, name: total, calculation: "${a}"}',
        f"score: {{of: total, {BANDS}}}",
    )

    found = score(form, {"a": 12}, NOW)

    assert (found.value, found.band) == (12, None)
    band = band_of(form, 4)
    assert band is not None
    assert band.label.th == "น้อย"


def test_a_score_keeps_step_with_the_answers() -> None:
    evaluation = Evaluation(
        library().latest("screening_2q"), {"feelings/q2_1": "0"}, NOW
    )
    assert score_of(evaluation).value is None

    evaluation.answer("feelings/q2_2", "1")

    assert score_of(evaluation).band == "positive"

"""A score over contested answers: the same for all, or from a to b, never made up."""

from collections.abc import Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from fieldkit.forms.check import action_text
from fieldkit.forms.contested import score_contested
from fieldkit.forms.score import score
from tests.forms.library import NOW, library, small

FORM = library().latest("screening_9q")
assert FORM.score is not None
ITEMS = FORM.score.items


def nine(**contested: list[str | None]) -> dict[str, Sequence[object]]:
    answers: dict[str, Sequence[object]] = {path: ["0"] for path in ITEMS}
    return answers | {f"symptoms/{name}": values for name, values in contested.items()}


def test_without_a_dispute_it_is_the_plain_score() -> None:
    found = score_contested(FORM, nine(q9_1=["3"], q9_2=["3"], q9_3=["1"]), NOW)

    assert (found.status, found.value, found.band, found.text) == (
        "known",
        7,
        "mild",
        "7",
    )


def test_answers_that_differ_give_a_score_from_lowest_to_highest() -> None:
    found = score_contested(FORM, nine(q9_1=["0", "3"], q9_2=["3"], q9_3=["3"]), NOW)

    assert (found.status, found.value, found.band) == ("contested", None, None)
    assert (found.text, found.bands) == ("contested 6…9", ("none", "mild"))


def test_answers_that_differ_within_one_band_keep_the_band() -> None:
    found = score_contested(FORM, nine(q9_1=["0", "1"]), NOW)

    assert (found.text, found.band) == ("contested 0…1", "none")


def test_actions_and_red_flags_follow_the_worst() -> None:
    found = score_contested(FORM, nine(q9_9=["0", "1"]), NOW)

    assert found.red_flags == ("self_harm",)
    assert "refer hospital" in [action_text(action) for action in found.actions]


def test_a_missing_item_leaves_the_score_missing_whatever_is_contested() -> None:
    answers = nine(q9_1=["0", "3"]) | {"symptoms/q9_4": []}

    found = score_contested(FORM, answers, NOW)

    assert (found.status, found.value, found.text) == ("missing", None, "")


def test_an_answer_contested_with_none_may_leave_the_score_unknown_to_either_side() -> (
    None
):
    found = score_contested(FORM, nine(q9_1=["1", None]), NOW)

    assert (found.status, found.low, found.text) == ("contested", None, "contested")


def test_sixty_four_combinations_are_tried_and_more_are_unknown() -> None:
    six: dict[str, list[str | None]] = {f"q9_{n}": ["0", "1"] for n in range(1, 7)}

    assert score_contested(FORM, nine(**six), NOW).text == "contested 0…6"

    found = score_contested(FORM, nine(**six, q9_7=["0", "1"], q9_9=["0", "1"]), NOW)

    assert (found.status, found.value, found.text) == ("unknown", None, "unknown")
    assert found.red_flags == ("self_harm",)
    assert "follow_up revisit" in [action_text(action) for action in found.actions]


def test_the_values_of_a_merge_group_are_not_mixed() -> None:
    form = small(
        """
        {type: integer, name: x, label: {th: ก}, merge_group: g}
        {type: integer, name: y, label: {th: ก}, merge_group: g}
        {type: calculate, name: t, calculation: "${x} + ${y}"}
        """,
        "score: {of: t, bands: [{from: 0, to: 99, code: z, label: {th: ก}}]}",
    )

    found = score_contested(form, {"x": [1, 2], "y": [20, 10]}, NOW)

    assert (found.low, found.high) == (12, 21)


@given(
    st.lists(
        st.lists(st.sampled_from("0123"), min_size=1, max_size=2, unique=True),
        min_size=9,
        max_size=9,
    ).filter(lambda lists: sum(len(values) > 1 for values in lists) <= 4)
)
def test_it_is_the_span_of_all_combinations(lists) -> None:
    answers = dict(zip(ITEMS, lists, strict=True))
    scores = [
        score(FORM, dict(zip(ITEMS, c, strict=True)), NOW) for c in product(*lists)
    ]

    found = score_contested(FORM, answers, NOW)

    totals = {s.value for s in scores if s.value is not None}
    if len(totals) == 1:
        assert found.value in totals
    else:
        assert (found.low, found.high) == (min(totals), max(totals))
    assert set(found.red_flags) == {code for s in scores for code in s.red_flags}
    assert {a.target for a in found.actions} == {
        a.target for s in scores for a in s.actions
    }

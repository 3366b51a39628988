"""The machine: which steps are allowed, which of two is shown, and how forms say it."""

import pytest

from fieldkit.merge.machine import REFERRAL, Machine, fold, parse_steps
from fieldkit.merge.views import rule_of
from tests.merge.fleet import AForm, question
from tests.merge.test_views import said


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        (None, "draft", True), ("draft", "sent", True), ("sent", "sent", True),
        ("sent", "received", True), ("completed", "draft", False),
        ("cancelled", "received", False), ("in_service", "completed", True),
    ],
)  # fmt: skip
def test_a_referral_goes_its_way(before: str, after: str, allowed: bool) -> None:
    assert REFERRAL.allows(before, after) is allowed


def test_every_state_of_a_referral_can_be_reached_from_its_draft() -> None:
    assert all(REFERRAL.leads("draft", state) for state in REFERRAL.states)
    assert {after for _, after in REFERRAL.steps} <= {*REFERRAL.states}
    assert REFERRAL.facts <= {*REFERRAL.states}


def test_nothing_said_is_no_state() -> None:
    assert fold(REFERRAL, [said(None)]) == (None, False)


def test_a_state_that_the_machine_does_not_know_is_shown_if_it_is_all_there_is() -> (
    None
):
    assert fold(REFERRAL, [said("teleported")]) == ("teleported", False)


def test_a_form_may_hand_in_its_own_machine() -> None:
    asked = question(
        "machine", "open", "closed", "moved", facts="moved", steps="open:closed,moved"
    )
    form = AForm(("status",), questions={"status": asked})

    assert rule_of(form, "status").machine == Machine(
        states=("open", "closed", "moved"),
        facts=frozenset({"moved"}),
        steps=parse_steps({"open": "closed moved"}),
    )

"""Figures say what the runs say."""

import json

from benchmarks.figures import Measure, figures_of
from benchmarks.report import Machine, as_json, as_markdown, into_page

QUICK = Measure(name="quick", text="a quick thing", unit="x raw", target=8)
TOLD = Measure(name="told", text="only told", unit="s")
RUNS = [{"quick": 7.0, "told": 1.0}, {"quick": 9.0, "told": 1.0}, {"quick": 7.5}]


def test_a_figure_is_the_middle_run_and_tells_the_spread():
    quick, told = figures_of([QUICK, TOLD], RUNS)

    assert quick.median == 7.5
    assert round(quick.spread, 3) == 0.267
    assert (told.median, told.spread) == (1.0, 0.0)


def test_a_target_holds_up_to_the_target_itself():
    at, over = (figures_of([QUICK], [{"quick": found}])[0] for found in (8.0, 8.01))

    assert at.holds
    assert over.holds is False


def test_what_is_only_told_has_no_verdict():
    (told,) = figures_of([TOLD], RUNS)

    assert told.holds is None


def test_the_report_names_machine_target_and_every_run():
    figures = figures_of([QUICK, TOLD], RUNS)
    machine = Machine.this()

    document = json.loads(as_json(figures, machine))

    assert document["machine"]["cores"] == machine.cores
    assert document["figures"][0]["runs"] == [7.0, 9.0, 7.5]
    assert "| a quick thing | 7.50 x raw | ≤ 8 x raw | 27% of 3 | holds |" in (
        as_markdown(figures, machine)
    )


def test_new_figures_take_the_place_of_those_before():
    empty = "# Page\n<!-- figures -->\n<!-- end of figures -->\nrest\n"

    page = into_page(empty, "old\n")
    again = into_page(page, "new\n")

    assert again == "# Page\n<!-- figures -->\nnew\n<!-- end of figures -->\nrest\n"

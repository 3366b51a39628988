"""The forms at hand, by id and version, none of which ever changes."""

import pytest

from fieldkit.errors import FormError, NotFoundError
from fieldkit.forms.registry import parse_library
from tests.forms.library import library, written

ONE = written("{type: text, name: a, label: {th: ก}}")
TWO = ONE.replace("version: 1", "version: 2")


def test_a_form_is_found_by_id_and_version_and_parsed_once() -> None:
    forms = parse_library({"forms/small/1.yaml": ONE, "x/forms/small/2.yaml": TWO})

    assert list(forms) == ["small"]
    assert forms.versions("small") == (1, 2)
    assert forms.latest("small").version == 2
    assert forms.get("small", 1) is forms.get("small", 1)
    assert ("small", 2) in forms


def test_an_unknown_form_names_those_that_are_here() -> None:
    with pytest.raises(NotFoundError) as caught:
        library().latest("homevisit")

    assert "home_visit" in str(caught.value.hint("th"))
    assert library().find("person", 99) is None


def test_adding_leaves_the_registry_before_as_it_was() -> None:
    before = parse_library({"forms/small/1.yaml": ONE})

    after = before.with_texts({"forms/small/2.yaml": TWO})

    assert after.versions("small") == (1, 2)
    assert before.versions("small") == (1,)


def test_a_version_that_is_here_cannot_change_its_words() -> None:
    forms = parse_library({"forms/small/1.yaml": ONE})

    assert forms.with_texts({"forms/small/1.yaml": ONE}).latest("small").version == 1
    with pytest.raises(FormError) as caught:
        forms.with_texts({"forms/small/1.yaml": ONE + "\n# more"})

    assert caught.value.code == "form.published"


@pytest.mark.parametrize(
    "path",
    ["small.yaml", "forms/small.yaml", "forms/small/0.yaml", "forms/small/1.yml"],
)
def test_a_path_that_names_no_form_is_refused(path: str) -> None:
    with pytest.raises(FormError) as caught:
        parse_library({path: ONE})

    assert caught.value.code == "form.wrong_place"


def test_a_file_in_the_place_of_another_is_refused() -> None:
    with pytest.raises(FormError) as caught:
        parse_library({"forms/small/1.yaml": TWO}).get("small", 1)

    assert caught.value.code == "form.wrong_place"

"""The area tree is whole, grows by villages, and knows the codes of yesterday."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.errors import AnswerError, NotFoundError
from fieldkit.thai.areas import (
    abolished,
    areas,
    by_name,
    covers,
    health_region,
    provinces_of_region,
    successors,
)

CODES = st.sampled_from([area.code for area in areas()])


def test_the_tree_holds_the_whole_country():
    levels = [area.level for area in areas()]

    assert [levels.count(level) for level in ("province", "district", "tambon")] == [
        *(77, 928, 7436),
    ]


def test_every_area_hangs_below_another_up_to_its_province():
    assert all(area.level == "province" or area.parent in areas() for area in areas())


@given(CODES)
def test_a_path_leads_from_the_province_to_the_area(code: str):
    path = areas().path(code)

    assert [area.code for area in path] == [
        code[:n] for n in range(2, len(code) + 1, 2)
    ]


@given(CODES)
def test_children_are_covered_and_name_their_parent(code: str):
    assert all(
        covers(code, child.code) and child.parent == code
        for child in areas().children(code)
    )


@given(CODES, CODES)
def test_covers_means_below_or_the_same(prefix: str, code: str):
    assert covers(prefix, code) == (prefix in [a.code for a in areas().path(code)])


def test_the_empty_prefix_covers_everything():
    assert covers("", "90")
    assert not covers("901", "9011")


def test_songkhla_has_its_districts_and_tambons():
    assert len(areas().children("90")) == 16
    assert sum(area.level == "tambon" for area in areas().under("90")) == 127
    assert areas().get("901101").th == "หาดใหญ่"


def test_an_unknown_code_is_not_found():
    with pytest.raises(NotFoundError) as caught:
        areas().get("9999")

    assert caught.value.code == "area.unknown"
    assert areas().find_area("9999") is None


def test_villages_are_added_to_a_new_tree():
    grown = areas().with_villages(
        [("90110103", "บ้านคลองหวะ"), {"code": "90110104", "th": "บ้านทุ่งรี"}]
    )

    assert [area.code for area in grown.children("901101")] == ["90110103", "90110104"]
    assert grown.show("90110103") == "ม.3 บ้านคลองหวะ ต.หาดใหญ่ อ.หาดใหญ่ จ.สงขลา"
    assert "90110103" not in areas()


@pytest.mark.parametrize("code", ["901101", "9011010", "99999901", "9011010x"])
def test_a_village_needs_eight_digits_under_a_known_tambon(code: str):
    with pytest.raises(AnswerError) as caught:
        areas().with_villages([("90110103", "บ้านดี"), (code, "บ้านเสีย")])

    assert (caught.value.code, caught.value.details["row"]) == ("area.village_code", 2)


def test_a_village_nobody_loaded_still_has_an_address():
    assert areas().show("90110107") == "ม.7 ต.หาดใหญ่ อ.หาดใหญ่ จ.สงขลา"


def test_a_place_is_found_by_name_code_and_path():
    assert areas().find("หาดใหญ่")[0].area.code == "9011"
    assert areas().find("901101")[0].area.code == "901101"
    assert areas().find("Hat Yai")[0].area.code == "9011"
    assert areas().find("ต.ในเมือง จ.ขอนแก่น")[0].area.code == "400101"
    assert areas().find("๙๐")[0].area.th == "สงขลา"
    assert all(f.area.code.startswith("90") for f in areas().find("นา", within="90"))
    assert areas().find(" ") == ()


@given(CODES)
def test_an_area_is_found_by_its_own_name(code: str):
    found = areas().find(areas().get(code).th, within=code)

    assert code in [hit.area.code for hit in found]


@given(st.text(max_size=20))
def test_find_is_total(text: str):
    assert len(areas().find(text)) <= 50


def test_an_abolished_code_leads_to_codes_in_use():
    assert successors("100205") == ("102901",)
    assert successors("10020507") == ("10290107",)
    assert successors("901101") == ("901101",)
    assert successors("999999") == ()


def test_every_successor_is_in_use():
    assert all(heir in areas() for code in abolished() for heir in successors(code))


def test_every_province_has_a_health_region():
    provinces = [area.code for area in areas().children()]

    assert {health_region(code) for code in provinces} == set(range(1, 14))
    assert health_region("90110103") == 12
    assert "90" in provinces_of_region(12)
    with pytest.raises(NotFoundError):
        health_region("99")


def test_provinces_sort_as_in_a_dictionary():
    names = [area.th for area in by_name(areas().children())]

    assert names[0] == "กระบี่"
    assert names.index("แพร่") < names.index("ภูเก็ต") < names.index("เลย")


def test_importing_the_module_reads_no_data():
    code = "import fieldkit.thai.areas as a; print(a.areas.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert done.stdout.strip() == b"0"

from pathlib import Path
from textwrap import dedent
from typing import Any

from fieldkit.client import workspace
from tests.client.province import RealProvince


def test_the_ten_lines_of_the_workspace_do_the_walk(tmp_path: Path) -> None:
    lines = dedent((workspace.__doc__ or "").partition("::\n")[2])
    province = RealProvince(tmp_path)
    invitation = province.invite("somchai", url=province.start())
    names: dict[str, Any] = {
        "Workspace": workspace.Workspace,
        "invitation": invitation,
        "home": tmp_path / "somchai",
    }

    try:
        exec(lines, names)  # noqa: S102 - our own docs
    finally:
        province.stop()

    assert names["report"].sent == 1
    assert [one.id for one in names["found"]] == [names["person"]]
    assert (names["status"].local, names["status"].accepted) == (0, 3)

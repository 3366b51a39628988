from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldkit.client.workspace import Workspace
from tests.client.office import Office


@pytest.fixture(scope="session")
def office() -> Office:
    return Office()


@pytest.fixture
def ws(office: Office, tmp_path: Path) -> Iterator[Workspace]:
    with office.laptop(tmp_path / "somchai") as workspace:
        yield workspace

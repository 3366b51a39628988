from collections.abc import Iterator

import pytest

from tests.acceptance.world import Centre


@pytest.fixture(scope="session")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """A province whose server runs."""
    one = Centre(tmp_path_factory.mktemp("centre"))
    with one.serving():
        yield one

"""The contract on plain dicts, as the simulator uses it."""

import pytest

from tests.server.storage_contract import StorageContract
from tests.simulation.memory_storage import MemoryStorage


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def empty() -> MemoryStorage:
    return MemoryStorage()


class TestMemoryStorage(StorageContract):
    pass

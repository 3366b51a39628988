"""The replica in memory does what every replica must do."""

from typing import cast

import pytest

from fieldkit.store.store import Store
from tests.simulation.memory import MemoryReplica
from tests.store.desk import Desk, PersonFacts
from tests.sync.replica_contract import *  # noqa: F403
from tests.sync.replica_contract_parts import *  # noqa: F403


@pytest.fixture
def desk() -> Desk:
    desk = Desk(cast("Store", MemoryReplica(PersonFacts())))
    desk.begin(desk.epoch)
    return desk

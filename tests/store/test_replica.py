"""The encrypted store does all that sync asks of a replica."""

from tests.sync.replica_contract import *  # noqa: F403
from tests.sync.replica_contract_parts import *  # noqa: F403

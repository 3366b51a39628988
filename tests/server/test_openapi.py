"""The API, fuzzed from its own description: nothing makes the server fail."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    status_code_conformance,
)

from tests.server.premises import new_province
from tests.server.test_cli import serving


@schemathesis.serializer("application/cbor")
def _as_it_is(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("fuzzed")
    with serving(new_province(folder)) as (_, address):
        yield schemathesis.openapi.from_url(f"{address}/v1/openapi.json")


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
FEW = settings(
    max_examples=20,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


def test_every_answer_is_one_that_the_description_names(api: Any) -> None:
    operations = [result.ok() for result in api.get_all_operations()]

    for operation in operations:

        @FEW
        @given(operation.as_strategy())
        def fuzz(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        fuzz()

    assert len(operations) == 9

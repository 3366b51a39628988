from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fieldkit.cli.application import app
from fieldkit.client import workspace
from fieldkit.crypto.escrow import FOR_TESTS
from tests.client.office import PASSPHRASE, Office

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def office() -> Office:
    return Office()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run ``fieldkit`` as somebody who has a passphrase file, in English."""
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n", "utf-8")
    monkeypatch.setenv("FIELDKIT_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    monkeypatch.setenv("FIELDKIT_LANG", "en")
    # Each command opens the workspace: a cheap passphrase saves minutes. Tests with
    # processes of their own pay the real cost.
    cheap = partial(workspace.Means, strength=FOR_TESTS)
    monkeypatch.setattr(workspace, "Means", cheap)

    def run(*arguments: object, given: str | None = None, code: int = 0) -> Result:
        result = CliRunner().invoke(app, [str(a) for a in arguments], input=given)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return run

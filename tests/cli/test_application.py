import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

HEAVY = {"cryptography", "pydantic", "requests", "rich.console", "ruamel", "sqlcipher3"}


def test_help_names_every_command(run: Run) -> None:
    said = run("--help").stdout

    for name in ("enrol", "status", "sync", "record", "conflict", "bundle", "form"):
        assert f"  {name} " in said


def test_help_loads_nothing_that_is_slow_to_load() -> None:
    program = (
        "import sys\n"
        "sys.argv = ['fieldkit', '--help']\n"
        "from fieldkit.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sys.modules)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.partition("LOADED")[2].split())
    assert "fieldkit.cli.record" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("language", ["th", "en"])
def test_help_is_in_the_language_asked_for(language: str) -> None:
    command = [sys.executable, "-m", "fieldkit", "--lang", language, "--help"]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert ("field surveys" in done.stdout) == (language == "en")


def test_completion_can_be_installed(run: Run) -> None:
    assert "--install-completion" in run("--help").stdout


def test_an_error_in_a_process_has_its_exit_code(tmp_path: object) -> None:
    command = [sys.executable, "-m", "fieldkit", "-w", f"{tmp_path}/none", "status"]

    done = subprocess.run(
        command, capture_output=True, text=True, input="secret\n", check=False
    )

    assert done.returncode == 10
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("program", ["fieldkit", "sync_server"])
def test_every_command_is_explained_in_thai(program: str) -> None:
    from typer.main import get_command

    from fieldkit.cli import application, speech
    from sync_server.cli import application as server

    assert speech.language() == "th", "help is made when the commands are read in"
    app = {"fieldkit": application.app, "sync_server": server.app}[program]
    waiting, explained = [get_command(app)], 0
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        assert command.help is not None
        assert any("ก" <= letter <= "๛" for letter in command.help), command.name
        explained += 1
    assert explained > 10


def test_a_fault_of_the_program_is_told_without_what_it_says(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stumble(*_: object) -> None:
        raise LookupError("นางสาวสำลี 1909800123454")

    monkeypatch.setattr("fieldkit.client.workspace.Workspace.open", stumble)

    result = run("-w", tmp_path, "status", code=1)

    assert "The program made a mistake" in result.stderr
    assert "LookupError" in result.stderr
    assert "1909800123454" not in result.output

"""``fieldkit demo``: tell the story, leave its folders, say whether all held."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from fieldkit.cli.screen import wrong_use
from fieldkit.cli.speech import tell

if TYPE_CHECKING:
    from fieldkit.cli.demo.stage import Stage
    from fieldkit.cli.demo.story import Story

MARK: Final = ".fieldkit-demo"
PEOPLE: Final = 2_000
PEOPLE_FAST: Final = 240
_PASSPHRASE: Final = "ข้าวสังข์หยด ปลากระพง สะตอ"  # noqa: S105 - invented people's
_FAILED: Final = 1
_INTERRUPTED: Final = 130


def demo(
    directory: Annotated[
        Path,
        typer.Option(
            "--dir",
            metavar="DIR",
            help=tell("โฟลเดอร์ของเรื่อง", "Where the story's folders go."),
        ),
    ] = Path("fieldkit-demo"),
    persons: Annotated[
        int, typer.Option(min=100, help=tell("จำนวนบุคคล", "How many persons."))
    ] = PEOPLE,
    fast: Annotated[
        bool, typer.Option("--fast", help=tell("คนน้อยลง", "Fewer persons: quicker."))
    ] = False,
) -> None:
    """Tell the story with real processes; exit code 1 if any step did not hold."""
    from fieldkit.cli.demo.stage import Stage
    from fieldkit.cli.demo.story import CHAPTERS, Story

    home = _fresh(directory.resolve())
    with Stage(CHAPTERS) as stage:
        story = Story(home, PEOPLE_FAST if fast else persons, stage)
        failed = _play(story, stage)
    if not failed:
        _show_commands(story, directory)
        stage.end(
            f"ทุกขั้นเป็นไปตามที่ควร ({stage.held} ข้อ)",
            f"all {stage.held} steps held",
            f"{story.commands.count} processes, {stage.seconds:.0f} s",
        )
    raise typer.Exit(failed)


def _fresh(home: Path) -> Path:
    """Return an empty folder; one that an earlier demo left is emptied.

    Raises:
        typer.BadParameter: something else lies there.
    """
    if home.exists() and any(home.iterdir()):
        if not (home / MARK).exists():
            wrong_use(
                f"{home} มีไฟล์อื่นอยู่แล้ว กรุณาเลือกโฟลเดอร์อื่นด้วย --dir",
                f"{home} holds other files. Choose another folder with --dir.",
            )
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARK).touch()
    (home / "passphrase.txt").write_text(_PASSPHRASE + "\n", "utf-8")
    return home


def _play(story: "Story", stage: "Stage") -> int:
    """Tell the story; what stops it is told in the last line. Return the exit code."""
    from fieldkit.cli.demo.processes import CommandError
    from fieldkit.cli.demo.stage import StoryError

    try:
        story.tell()
    except StoryError as error:
        stage.fail(*error.words, str(error.found))
        return _FAILED
    except CommandError as error:
        stage.fail(*stage.chapter, str(error))
        return _FAILED
    except KeyboardInterrupt:
        stage.fail(*stage.chapter, tell("หยุดกลางคัน", "interrupted"))
        return _INTERRUPTED
    return 0


def _show_commands(story: "Story", directory: Path) -> None:
    """Print the commands that look at what was left behind."""
    from fieldkit.cli.demo.cast import NONGYAO, SOMYING

    person = story.person[:10]
    lines = (
        ("export", f"FIELDKIT_PASSPHRASE_FILE={directory}/passphrase.txt"),
        ("fieldkit", f"-w {directory}/{SOMYING.key} status"),
        ("fieldkit", f"-w {directory}/{SOMYING.key} record find ฟาติมะห์"),
        ("fieldkit", f"-w {directory}/{NONGYAO.key} record show {person}"),
        ("fieldkit", f"-w {directory}/{NONGYAO.key} record show {person} --history"),
        ("fieldkit", f"-w {directory}/{NONGYAO.key} form list"),
        ("fieldkit-server", f"-d {directory}/province roster"),
    )
    story.stage.say("ลองดูต่อด้วยคำสั่งเหล่านี้", "look at what it left with these commands")
    for program, rest in lines:
        story.stage.console.print(f"     {program} {rest}", markup=False)

"""The stage: what the audience sees: chapters, bars, and what held or did not."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from fieldkit.cli.speech import language

Words = tuple[str, str]
"""A text in Thai and in English."""


class StoryError(Exception):
    """Something that must hold in the story does not."""

    def __init__(self, words: Words, found: object) -> None:
        super().__init__(f"{words[1]}: {found}")
        self.words = words
        self.found = found


class Stage:
    """Tells the story on the terminal, in Thai and English side by side.

    Attributes:
        chapter: what is being told now; the closing line names it if all ends there.
    """

    def __init__(self, chapters: int) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self.chapter: Words = ("", "")
        self.held = 0
        self._began = time.monotonic()
        self._chapters = chapters
        self._number = 0
        self._bars = Progress(
            TextColumn("  [cyan]{task.description}"), BarColumn(bar_width=32),
            TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn(),
            console=self.console, transient=True, disable=not sys.stdout.isatty(),
        )  # fmt: skip
        self._whole: TaskID | None = None

    def __enter__(self) -> "Stage":
        self._bars.start()
        self._whole = self._bars.add_task("", total=self._chapters)
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    @property
    def seconds(self) -> float:
        """Return how long the story has run."""
        return time.monotonic() - self._began

    @contextmanager
    def tell(self, thai: str, english: str) -> Iterator[None]:
        """Tell a chapter: its heading now, its time at the end."""
        self._number += 1
        self.chapter = thai, english
        first, second = in_order(self.chapter)
        heading = Text(f"{self._number}. {first}", "bold")
        self.console.print(heading.append(f"  {second}", "not bold dim"))
        if self._whole is not None:
            self._bars.update(self._whole, description=first)
        yield
        if self._whole is not None:
            self._bars.advance(self._whole)

    def say(self, thai: str, english: str) -> None:
        """Print a line of the chapter."""
        first, second = in_order((thai, english))
        self.console.print(Text(f"   {first}").append(f"  {second}", "dim"))

    def hold(
        self, thai: str, english: str, *, that: object, found: object = ""
    ) -> None:
        """Print that something holds.

        Raises:
            StoryError: it does not.
        """
        if not that:
            raise StoryError((thai, english), found)
        self.held += 1
        first, second = in_order((thai, english))
        line = Text("   ✓ ", "green").append(first, "default")
        self.console.print(line.append(f"  {second}", "dim"))

    def end(self, thai: str, english: str, note: str) -> None:
        """Print the closing line of a story that held."""
        first, second = in_order((thai, english))
        line = Text(f"✓ {first}", "bold green").append(f"  {second}", "green")
        self.console.print(line.append(f"  ({note})", "dim"))

    def fail(self, thai: str, english: str, found: str) -> None:
        """Print what was found, and as the last line what did not hold."""
        self.console.print(Text(found, "dim"))
        first, second = in_order((thai, english))
        self.console.print(Text(f"✗ {first} | {second}", "bold red"))

    @contextmanager
    def working(self, thai: str, english: str, total: int) -> Iterator["Work"]:
        """Show a bar for so many pieces of work."""
        description = f"  {in_order((thai, english))[0]}"
        task = self._bars.add_task(description, total=total)
        yield Work(self._bars, task)
        self._bars.remove_task(task)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a small table."""
        table = Table(*headings, box=None, padding=(0, 2, 0, 3), header_style="dim")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.console.print(table)


class Work:
    """A bar on the stage."""

    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def done(self) -> None:
        """Note that one piece is done."""
        self._bars.advance(self._task)


def in_order(words: Words) -> Words:
    """Return the words with the language that is spoken first."""
    return words if language() == "th" else (words[1], words[0])

"""``tuner lab``: the lab's ten questions, answered by measurement."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from click.shell_completion import CompletionItem

from tuner.basics.secrets import repeated
from tuner.cli.guard import DONE, INTERRUPTED, NOT_MET
from tuner.cli.options import (
    LocalPath,
    duration,
    number_or_auto,
    remind_of_secret,
    storage_options,
)
from tuner.cli.search import make_watcher

if TYPE_CHECKING:
    from analysis.lab.answer import Evidence
    from analysis.lab.commands import Commands
    from analysis.lab.look import Look
    from analysis.lab.programme import Question
    from tuner.sessions.lab import Lab, LabWish


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    names = (f"q{number}" for number in range(1, 11))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command(short_help="Answer the lab's ten questions, training what is missing.")
@click.argument("questions", nargs=-1, metavar="[q1 … q10]", shell_complete=_complete)
@click.option(
    "--data",
    multiple=True,
    metavar="SOURCE",
    help="A folder that holds cifar10/ and mnist/; or cifar10=SOURCE and mnist=SOURCE.",
)
@click.option("--stored", is_flag=True, help="Train nothing: answer from what is stored.")
@click.option(
    "--output",
    type=LocalPath(),
    metavar="FILE.md",
    help="Also write the answers as a page, with its figures beside it in images/lab.",
)
@click.option(
    "--readme",
    type=LocalPath(),
    metavar="FILE.md",
    help="Also write the table of results between the two markers in this file.",
)
@click.option(
    "--timeout", type=duration, metavar="TIME", help="Stop after so long: 90 (seconds), 30m, 2h."
)
@click.option(
    "--workers",
    type=number_or_auto,
    default="auto",
    metavar="auto|N",
    help="Worker processes; auto chooses from cores or GPUs.",
)
@storage_options
@click.option("--no-live", is_flag=True, help="One line a trial, also on a terminal.")
def lab(
    questions: tuple[str, ...],
    *,
    data: tuple[str, ...],
    stored: bool,
    output: Path | None,
    readme: Path | None,
    timeout: float | None,
    workers: int | Literal["auto"],
    storage: str | None,
    results: Path,
    no_live: bool,
) -> int:
    """Answer the lab's ten questions, all of them or those that are named.

    What an answer needs and the storage does not have is trained first, one study after the other,
    for hours where all is asked for. The same command again goes on where it stopped.
    Exit code 1: a question has no answer yet.
    """
    from analysis.lab.commands import Commands, anywhere
    from tuner.sessions.lab import Lab, LabWish, sources

    asked = _asked(questions)
    _check_files(output, readme)
    wish = LabWish(asked, data, storage, results, workers, timeout)
    again = repeated(storage, results)
    given = [part for source in data for part in ("--data", source)]
    commands = Commands(again, given, sources(data))
    if stored:
        done, evidence, looks = True, _stored(wish), _looks(wish)
    else:
        made = Lab(wish)
        done = _train(made, commands, live=not no_live)
        evidence, looks = _stored(wish, made), made.looks()
    from analysis.lab import publishing, text
    from analysis.lab.answers import answers

    found = answers(evidence, asked, looks)
    for answer in found:
        click.echo("\n" + "\n".join(text.lines(answer, commands)))
    with _writing():
        for file in publishing.publish(evidence, looks, anywhere(), output, readme):
            click.echo(str(file))
    remind_of_secret(storage)
    if not done:
        return INTERRUPTED
    return DONE if all(answer.answered for answer in found) else NOT_MET


def _asked(names: Sequence[str]) -> tuple[Question, ...]:
    """The questions that were named.

    Raises:
        UsageError: There is none of that name.
    """
    from analysis.lab.programme import QUESTIONS, chosen
    from tuner.basics.suggestions import suggestion
    from tuner.errors import UsageError

    known = [question.name for question in QUESTIONS]
    try:
        return chosen(names)
    except ValueError as error:
        hint = suggestion(str(error), known) or "."
        raise UsageError(
            f"the lab has no question {str(error)!r}{hint} There are: {', '.join(known)}."
        ) from None


def _check_files(output: Path | None, readme: Path | None) -> None:
    """Refuses files that cannot be written, before hours are spent.

    Raises:
        StorageError: One is a folder, or cannot be read.
        UsageError: There are no markers to write between.
    """
    from analysis.lab.publishing import BEGIN, END
    from tuner.errors import StorageError, UsageError

    for file, option in ((output, "--output"), (readme, "--readme")):
        if file is None:
            continue
        if file.is_dir():
            raise StorageError(f"cannot write {str(file)!r}: it is a folder; give {option} a file.")
        above = next(folder for folder in file.absolute().parents if folder.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            why = "cannot be written to" if above.is_dir() else "is no folder"
            raise StorageError(
                f"cannot write {str(file)!r}: {str(above)!r} {why}; give {option} another file."
            )
    if readme is None:
        return
    try:
        text = readme.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StorageError(f"cannot read {str(readme)!r}: {reason}; give another file.") from error
    if not 0 <= text.find(BEGIN) < text.find(END):
        raise UsageError(
            f"{str(readme)!r} has no place for the lab's table: write the lines {BEGIN} and {END} "
            "where it shall stand."
        )


def _train(made: Lab, commands: Commands, *, live: bool) -> bool:
    """Trains what is missing, one study after the other; false where that was stopped."""
    missing = made.missing()
    for number, part in enumerate(missing, 1):
        click.echo(f"[{number} of {len(missing)}] {commands.part(part)}")
        watcher = make_watcher(
            as_json=False, live=live, storage=made.wish.storage, results=made.wish.results
        )
        with contextlib.closing(watcher):
            if not made.train(part, watcher):
                click.echo(f"Stopped; the same command goes on with {part.name}.")
                return False
    return True


def _stored(wish: LabWish, made: Lab | None = None) -> Evidence:
    """The lab's studies in the storage; those that were just trained, where any were."""
    from analysis.lab.answers import evidence_of
    from tuner.cli.results import storage_url
    from tuner.storages.opening import open_storage
    from tuner.storages.studies import every_record

    opened = open_storage(storage_url(wish.storage, wish.results), create=False)
    names = None if made is None else {part.name: made.name(part) for part in made.parts}
    return evidence_of(every_record(opened), names)


def _looks(wish: LabWish) -> dict[str, Look]:
    """What is to be seen of the data where they were given; else studies remember enough."""
    from analysis.lab.look import look
    from tuner.sessions.lab import find_data, sources

    if not wish.data:
        return {}
    given = sources(wish.data)
    found = find_data([q for q in wish.questions if set(q.data) <= set(given)], given)
    return {name: look(data) for name, data in found.items()}


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    from tuner.errors import StorageError

    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write {str(error.filename)!r}: {error.strerror}; give another file."
        ) from error

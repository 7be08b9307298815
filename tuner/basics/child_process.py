"""The one way to run a process of ours: JSON goes in, JSON or an error comes out.

A child runs a function of this project, ``module:function``, called with its orders and a
`Channel`. Orders, further messages and answers are lines of JSON, on pipes that nothing else uses:
whatever the function, a backend or a user's code prints goes where the standard error goes, a log
or nowhere, and can neither be taken for an answer nor fill a pipe that nobody reads; whoever reads
the standard input finds it empty.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from tuner import errors
from tuner.basics.files import temporary_folder
from tuner.errors import TunerError

EXIT_ERROR = 2
"""Exit code of a child that answered with an error."""
BOOT = (
    "import sys; sys.path[:] = sys.argv[1:]; del sys.argv[1:]; "
    "from tuner.basics.child_process import serve; serve()"
)
"""What a child runs first, with the folders to import from as its arguments: nothing may be
imported before they are set, for a module of a user's may have any name."""


def own_packages_first() -> list[str]:
    """Where to import from so that no folder of a user's hides a package of ours or its needs.

    Python looks into the folder of the script, or the current one, before everything else, and
    many a data-science project has an ``analysis`` in it. Here they come last, so that a user's
    own modules are found all the same.
    """
    here = Path.cwd()
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    folders = {here} if script is None else {here, Path(script).resolve().parent}
    own = Path(__file__).resolve().parents[2]
    users = [entry for entry in sys.path if (here / entry).resolve() in folders - {own}]
    others = [entry for entry in sys.path if entry not in users and entry]
    if own == here:
        others = [str(own), *(entry for entry in others if entry != str(own))]
    return [*others, *dict.fromkeys(e or str(here) for e in [*users, str(here)] if e != str(own))]


class Channel:
    """A child's end: what else it is told, and what it answers before its end."""

    def __init__(self, told: IO[str], answers: IO[str]) -> None:
        self._told = told
        self._answers = answers

    def messages(self) -> Iterator[Any]:
        """What the parent tells, until it closes its end or dies."""
        for line in self._told:
            yield json.loads(line)

    def say(self, what: Any) -> None:
        """Tells the parent something that JSON can hold."""
        print(json.dumps(what), file=self._answers, flush=True)

    def refuse(self, error: TunerError, where: str = "") -> None:
        """Answers with an error, which the parent raises; nothing may be said after it.

        Args:
            error: What went wrong.
            where: The traceback.
        """
        self.say({"error": str(error), "kind": type(error).__name__, "traceback": where})


def serve() -> None:
    """Runs a child's function and ends the process; called in the child."""
    told = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # whoever asks a person something is told that there is none
    os.dup2(2, 1)
    job = json.loads(told.readline())
    channel = Channel(told, answers)
    module, _, name = job["function"].partition(":")
    code = 0
    try:
        function = getattr(importlib.import_module(module), name)
        channel.say({"answer": function(job["orders"], channel)})
    except SystemExit as exit:
        code = exit.code if isinstance(exit.code, int) else 1
    except TunerError as error:
        channel.refuse(error, traceback.format_exc())
        code = EXIT_ERROR
    except BaseException:
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    # Backends may hang in their own tear-down; everything that matters has been said.
    os._exit(code)


class Child:
    """A running child, as its parent sees it.

    Args:
        function: What it runs, ``module:function``.
        orders: Its orders, in what JSON can hold.
        environment: Variables that it has besides this process's own.
        log: The file that what it prints is added to; None: it is thrown away.
        show: Whether what it prints is shown to a person who watches this process.
        apart: Whether a Ctrl-C in the terminal does not reach it.
    """

    def __init__(
        self,
        function: str,
        orders: Any,
        *,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
        show: bool = False,
        apart: bool = False,
    ) -> None:
        with contextlib.ExitStack() as files:
            chatter: Any = subprocess.DEVNULL
            if show and sys.__stderr__ is not None and sys.__stderr__.isatty():
                chatter = None
            elif log is not None:
                log.parent.mkdir(parents=True, exist_ok=True)
                chatter = files.enter_context(log.open("a", encoding="utf-8"))
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", BOOT, *own_packages_first()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=chatter,
                text=True,
                encoding="utf-8",
                env={**os.environ, **(environment or {})},
                start_new_session=apart,
                # Windows has no sessions: there a Ctrl-C goes to a console's group of processes.
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) if apart else 0,
            )
        self.tell({"function": function, "orders": orders})

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def tell(self, what: Any) -> None:
        """Sends a message; where the child has ended, its end says so."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()

    def hear(self) -> Any:
        """Waits for the next thing that the child says.

        Returns:
            What it said; None where it ended without saying more.

        Raises:
            TunerError: What the child ended with, of the same class.
        """
        assert self._process.stdout is not None
        return _read(self._process.stdout.readline())

    def close(self) -> Any:
        """Waits for the child's end.

        Returns:
            What its function returned; None where it gave no answer, or was asked for it before.

        Raises:
            TunerError: What the child ended with, of the same class.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        if self._process.stdout.closed:
            return None
        with self._process.stdout as out:
            lines = out.read().splitlines()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()
        found = _read(lines[-1]) if lines else None
        return found.get("answer") if isinstance(found, dict) else None

    @contextlib.contextmanager
    def ended_after(self, seconds: float | None) -> Iterator[threading.Event]:
        """Ends it where the context takes longer; gives what is set then."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds or 0.0, end)
        timer.daemon = True
        if seconds is not None:
            timer.start()
        try:
            yield late
        finally:
            timer.cancel()

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()
        with contextlib.suppress(TunerError):
            self.close()


def run(
    function: str,
    orders: Any,
    *,
    environment: Mapping[str, str] | None = None,
    show: bool = False,
    failed: type[TunerError] = TunerError,
    most: float | None = None,
) -> Any:
    """Runs a child to its end.

    Args:
        function: What it runs, ``module:function``.
        orders: Its orders, in what JSON can hold.
        environment: Variables that it has besides this process's own.
        show: Whether what it prints is shown to a person who watches this process.
        failed: The error that a child which dies without an answer becomes.
        most: Seconds that it may take; None: any number.

    Returns:
        What the function returned, by way of JSON.

    Raises:
        TunerError: What the child ended with, of the same class; its traceback is the cause.
        TimeoutError: It took longer, and was ended.
    """
    with temporary_folder("child") as folder:
        log = Path(folder) / "log"
        child = Child(function, orders, environment=environment, log=log, show=show)
        try:
            with child.ended_after(most) as late:
                answer = child.close()
        except BaseException:
            if child.code is None:
                child.kill()
            raise
        if late.is_set():
            raise TimeoutError(f"{function} took longer than {most:g} s")
        if child.code == 0:
            return answer
        printed = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    raise failed(_death(function, child.code, printed)) from ChildTraceback(printed)


def _death(function: str, code: int | None, printed: str) -> str:
    """How a child ended without an answer, and the last line that it printed."""
    said = [line.strip() for line in printed.splitlines() if line.strip()]
    last = f": {said[-1].rstrip('.')}" if said else ""
    module = function.partition(":")[0]
    return f"the process of {module} ended without an answer (code {code}){last}."


class ChildTraceback(Exception):  # noqa: N818 - carries the text of another process's
    """Where a child failed; shown by ``--debug``."""

    def __str__(self) -> str:
        return f"\n\n{self.args[0]}"


def _read(line: str) -> Any:
    if not line.strip():
        return None
    found = json.loads(line)
    if isinstance(found, dict) and "error" in found:
        kind = getattr(errors, str(found.get("kind")), TunerError)
        raise kind(found["error"]) from ChildTraceback(found.get("traceback", ""))
    return found

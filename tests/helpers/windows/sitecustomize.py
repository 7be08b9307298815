"""Takes from this project's code, in every process, what Windows does not have or let it do.

Names that Python lacks there are gone. A file that any process has open or mapped can be neither
replaced nor removed, a folder with such a file in it can be neither renamed nor removed, and a path
has at most 260 characters. What is refused is noted in the file that ``REFUSED`` names.

With this folder in ``PYTHONPATH`` Python imports this module as it starts. Libraries keep the
names: they ask what system they are on, and have other code for Windows, which is not here.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

OWN = frozenset({"analysis", "search_spaces", "tuner"})
"""Packages of this project."""

SIGNALS = """
SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE SIGPROF SIGQUIT SIGSTOP SIGTSTP SIGTTIN
SIGTTOU SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIG_BLOCK SIG_SETMASK SIG_UNBLOCK alarm pause
pthread_kill pthread_sigmask setitimer siginterrupt sigpending sigwait
"""
SYSTEM = """
O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK WNOHANG chown chroot confstr fchmod fchown fdatasync
fork forkpty getegid geteuid getgid getgroups getloadavg getpgid getpgrp getpriority getresuid
getsid getuid killpg lchown mkfifo mknod nice openpty posix_fadvise posix_fallocate posix_spawn
pread pwrite sched_getaffinity sched_setaffinity sched_yield sendfile setpgid setpriority setsid
setuid statvfs sync sysconf ttyname uname wait wait3 wait4
"""
MODULES = frozenset(
    ["crypt", "fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"]
)
MISSING = {"os": frozenset(SYSTEM.split()), "signal": frozenset(SIGNALS.split())}
HELPERS = frozenset(
    {"contextlib", "genericpath", "io", "os", "pathlib", "posixpath", "shutil", "tempfile"}
)
"""Modules of Python's that do what their caller asks."""

LOOKED_AT = frozenset(
    {"open", "os.listdir", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.scandir"}
)
"""Audit events, see `sys.addaudithook`."""
LONGEST_PATH = 260


def is_own(frame: FrameType | None) -> bool:
    """Whether a frame is one of this project's."""
    return frame is not None and str(frame.f_globals.get("__name__")).split(".")[0] in OWN


class WithoutNames(ModuleType):
    """A module that hides names from this project."""

    def __getattribute__(self, name: str) -> Any:
        module = super().__getattribute__("__name__")
        if name in MISSING[module] and is_own(sys._getframe(1)):
            raise AttributeError(f"module {module!r} has no attribute {name!r} on Windows")
        return super().__getattribute__(name)


def _import(name: str, globals: Any = None, *rest: Any, **more: Any) -> Any:
    if name.split(".")[0] in MODULES and is_own(sys._getframe(1)):
        raise ModuleNotFoundError(f"No module named {name!r} on Windows", name=name)
    return _imported(name, globals, *rest, **more)


def _look(event: str, arguments: Sequence[Any]) -> None:
    """There is no /proc on Windows, no long path, and what is open stays where it is."""
    if event not in LOOKED_AT or not arguments:
        return
    path = arguments[0]
    if not isinstance(path, str | os.PathLike):
        return
    given = os.fspath(path)
    if isinstance(given, bytes) or not _asked_by_us(sys._getframe(1)):
        return
    if event in ("os.rename", "os.remove", "os.rmdir"):
        _let_open_files_be(event, given, arguments)
    elif given.startswith("/proc"):
        raise FileNotFoundError(2, "No such file or directory", given)
    elif len(str(Path(given).absolute())) > LONGEST_PATH:
        _note(f"too long: {given}")
        raise FileNotFoundError(2, "The system cannot find the path specified", given)


def _asked_by_us(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in HELPERS:
        frame = frame.f_back
    return is_own(frame)


def _let_open_files_be(event: str, path: str, arguments: Sequence[Any]) -> None:
    touched = [Path(path)]
    if event == "os.rename":
        touched.append(Path(arguments[1]))
    elif arguments[1] >= 0:  # of shutil.rmtree, in the folder that a descriptor stands for
        touched = [Path(f"/proc/self/fd/{arguments[1]}").readlink() / path]
    touched = [each.absolute() for each in touched]
    for file in _open_files():
        inside = event != "os.remove" and any(folder in file.parents for folder in touched)
        if file in touched or inside:
            _note(f"{event}: {file}")
            raise PermissionError(13, "it is being used by another process", str(file))


def _open_files() -> set[Path]:
    """What any process of this test's has open or mapped."""
    found: set[str] = set()
    mine = f"REFUSED={os.environ.get('REFUSED')}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            if mine not in (process / "environ").read_bytes().split(b"\0"):
                continue
            found.update(_links(process / "fd"))
            lines = (process / "maps").read_text(encoding="utf-8", errors="replace")
            found.update(line.split(maxsplit=5)[-1] for line in lines.splitlines())
    return {Path(name) for name in found if name.startswith("/") and Path(name).is_file()}


def _links(folder: Path) -> Iterator[str]:
    for link in folder.iterdir():
        with contextlib.suppress(OSError):
            yield str(link.readlink())


def _note(what: str) -> None:
    if "REFUSED" in os.environ:
        with Path(os.environ["REFUSED"]).open("a", encoding="utf-8") as file:
            file.write(what + "\n")


_imported = builtins.__import__
builtins.__import__ = _import
for module in (os, signal):
    module.__class__ = WithoutNames
sys.addaudithook(_look)

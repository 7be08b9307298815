"""Takes from this project's code, in every process, the names that Python lacks on Windows.

With this folder in ``PYTHONPATH`` Python imports this module as it starts. Libraries keep the
names: they ask what system they are on, and have other code for Windows, which is not here.
"""

from __future__ import annotations

import builtins
import os
import signal
import sys
from collections.abc import Sequence
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
HELPERS = frozenset({"contextlib", "genericpath", "io", "os", "pathlib", "posixpath"})
"""Modules of Python's that do what their caller asks."""


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
    """There is no /proc on Windows."""
    if event not in ("open", "os.listdir", "os.scandir") or not arguments:
        return
    path = arguments[0]
    if not isinstance(path, str | os.PathLike) or not os.fspath(path).startswith("/proc"):
        return
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in HELPERS:
        frame = frame.f_back
    if is_own(frame):
        raise FileNotFoundError(2, "No such file or directory", os.fspath(path))


_imported = builtins.__import__
builtins.__import__ = _import
for module in (os, signal):
    module.__class__ = WithoutNames
sys.addaudithook(_look)

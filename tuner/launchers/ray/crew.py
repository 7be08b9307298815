"""A crew of actors: started where the cluster has room, watched, and replaced."""

from __future__ import annotations

import contextlib
import math
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from tuner import errors
from tuner.basics.child_process import EXIT_ERROR
from tuner.data import DataSet, open_again
from tuner.errors import TunerError
from tuner.launchers.base import Crew, Ended
from tuner.launchers.ray.actors import EXIT_LACKS, RayWorker
from tuner.storages.results import writing_to
from tuner.workers.orders import EXIT_DONE, WorkerOrders

FAR_PID = 2**30
"""No process of this machine has such a number: added to the index it stands for one elsewhere."""
LOOK_SECONDS = 5.0
"""How often the cluster is asked how large it is."""
LOG_SECONDS = 2.0
TOGETHER_SECONDS = 30.0
"""Workers of one machine that die within so long have not died of what they trained."""
DIED = -9
"""The exit code of an actor of which Ray only says that it died."""


class Kind(NamedTuple):
    """What a worker asks Ray for, and the share of its GPU's memory that it may take."""

    cpus: float
    gpus: float
    share: float


@dataclass
class _Member:
    """One actor: what it was asked, and what is known of it."""

    kind: Kind
    actor: Any
    place: Any
    work: Any
    at: Mapping[str, Any] = field(default_factory=dict)
    printed: int = 0
    print: Any = None


class RayCrew(Crew):
    """Workers of a cluster.

    Args:
        orders: What each is told; its index is added.
        asked: How many; None: as many as the cluster has room for at any time.
        most: More would idle.
        wanted: Kinds of the workers that the cluster should have now, at most so many.
        post: Brings calls to a storage on this side; None: they open it themselves.
        logs: Folder for what they print.
        news: Lines for the user.
    """

    def __init__(
        self,
        orders: WorkerOrders,
        *,
        asked: int | None,
        most: int,
        wanted: Callable[[int], list[Kind]],
        post: Any,
        logs: Path,
        news: Sequence[str] = (),
    ) -> None:
        self._orders, self._asked, self._most = orders, asked, most
        self._wanted, self._post, self._logs = wanted, post, logs
        self._news = list(news)
        self._members: dict[int, _Member] = {}
        self._parcels: dict[str, tuple[str, Any]] = {}
        self._deaths: dict[str | None, float] = {}
        self._over = False
        self._look_again = self._read_again = 0.0
        self._started = 0
        self._fill()

    @property
    def size(self) -> int:
        """Those that have been started, the one in another's place not counted."""
        return self._asked or max(1, len(self._members))

    @property
    def at_work(self) -> bool:
        """Also where the cluster has no room at the moment."""
        return bool(self._members) or not self._over

    def running(self) -> Mapping[int, int]:
        """Process ids of this machine; of another's a number that no process here has."""
        here = socket.gethostname()
        return {
            index: m.at["pid"] if m.at.get("host") == here else FAR_PID + index
            for index, m in self._members.items()
        }

    def ended(self) -> Sequence[Ended]:
        """Asks Ray, which says at once where a machine has gone."""
        self._locate()
        self._read_logs()
        ready = _ready([m.work for m in self._members.values()])
        found = [self._end(i) for i, m in list(self._members.items()) if m.work in ready]
        if self._asked is None and not self._over and time.monotonic() >= self._look_again:
            self._fill()
        return [ended for ended in found if ended is not None]

    def replace(self, ended: Ended) -> None:
        """One of a number that was asked for waits for room; others come as there is some."""
        if self._asked is not None:
            self._start(ended.index, self._kinds(self._asked)[ended.index])
        elif not ended.machine_left:
            self._look_again = 0.0

    def ask_to_stop(self) -> None:
        """Each gives its trial back; one that waits for room has none."""
        import ray

        self._over = True
        for index, member in list(self._members.items()):
            if member.at:
                member.actor.stop.remote()
            else:
                ray.kill(member.actor)
                del self._members[index]

    def kill(self, index: int | None = None) -> None:
        """Ends actors at once."""
        import ray

        self._over = self._over or index is None
        if index is None:
            self._read_logs(last=True)
        for number in list(self._members) if index is None else [index]:
            with contextlib.suppress(Exception):  # the cluster may have gone
                ray.kill(self._members[number].actor)
            if index is None:
                del self._members[number]

    def news(self) -> Sequence[str]:
        """What nodes lacked, and what the cluster is."""
        told, self._news = self._news, []
        return told

    def log_of(self, index: int) -> str:
        """Its file among the others, on this side."""
        return str(self._logs / f"worker-{index}.log")

    # Starting

    def _kinds(self, count: int) -> list[Kind]:
        """Of so many workers; more than there is room for now ask for what the last one does."""
        found = self._wanted(count) or [Kind(1.0, 0.0, 1.0)]
        return [*found, *[found[-1]] * (count - len(found))]

    def _fill(self) -> None:
        self._look_again = time.monotonic() + LOOK_SECONDS
        if self._asked is not None:
            for index, kind in enumerate(self._kinds(self._asked)):
                self._start(index, kind)
            return
        wanted = self._wanted(self._most)
        for member in self._members.values():
            if member.kind in wanted:
                wanted.remove(member.kind)
        for kind in wanted[: max(0, self._most - len(self._members))]:
            self._start(self._started, kind)

    def _start(self, index: int, kind: Kind) -> None:
        import ray

        self._started = max(self._started, index + 1)
        with writing_to(self._logs):
            self._logs.mkdir(parents=True, exist_ok=True)
            Path(self.log_of(index)).open("ab").close()
        orders = replace(self._orders, index=index)
        made = ray.remote(RayWorker).options(
            num_cpus=kind.cpus, num_gpus=kind.gpus, max_restarts=0, max_concurrency=4
        )
        actor = made.remote(orders.to_fields(), kind.share, self._post)
        self._members[index] = _Member(kind, actor, actor.where.remote(), actor.run.remote())

    # Watching

    def _locate(self) -> None:
        import ray

        unknown = [m for m in self._members.values() if not m.at]
        ready = _ready([m.place for m in unknown])
        for member in unknown:
            if member.place in ready:
                with contextlib.suppress(Exception):  # it has died: its work says so as well
                    member.at = ray.get(member.place)

    def _end(self, index: int) -> Ended | None:
        """A worker whose work has ended; None where it goes on, its machine has the data now."""
        import ray

        member = self._members[index]
        pid, host = member.at.get("pid", 0), member.at.get("host")
        try:
            code, told = ray.get(member.work)
        except Exception as error:
            del self._members[index]
            self._print(index, f"{error}\n".encode())
            return Ended(index, pid, DIED, None, host, self._has_left(member, error))
        if code == EXIT_LACKS and self._send(index, told):
            return None
        self._read_log(index, member, wait=True)
        del self._members[index]
        ray.kill(member.actor)
        if code == EXIT_DONE:
            self._over = True
        problem = None
        if code in (EXIT_ERROR, EXIT_LACKS):
            kind, text = told if code == EXIT_ERROR else ("DataError", next(iter(told.values())))
            problem = getattr(errors, kind, TunerError)(text)
        return Ended(index, pid, EXIT_ERROR if problem else code, problem, host)

    def _has_left(self, member: _Member, error: Exception) -> bool:
        """Whether a worker's machine has gone with it.

        Ray finds that out after a few seconds. Until then it is known by a second worker of the
        same machine that dies at about the same time.
        """
        import ray

        node, now = member.at.get("node"), time.monotonic()
        before = self._deaths.get(node, -math.inf)
        if node is not None:
            self._deaths[node] = now
        if now - before < TOGETHER_SECONDS or "node has died" in str(error).lower():
            return True
        alive = {each["NodeID"] for each in ray.nodes() if each["Alive"]}
        return node is not None and node not in alive

    # Data

    def _send(self, index: int, lacking: Mapping[str, str]) -> bool:
        """Brings a machine the data that it lacks; false where this side does not have them."""
        member = self._members[index]
        for key, why in lacking.items():
            try:
                folder, files = self._parcel(key)
            except TunerError:
                return False
            self._news.append(f"machine {member.at.get('host', '?')} is sent {key}: {why}")
            member.actor.receive.remote(folder, files)
        member.work = member.actor.run.remote()
        return True

    def _parcel(self, key: str) -> tuple[str, Any]:
        """A data set in Ray's object store, where each machine takes it from once."""
        if key not in self._parcels:
            import ray

            from tuner.data.parcels import packed

            data: DataSet = open_again(**self._orders.data[key])
            self._parcels[key] = (data.folder.name, ray.put(packed(data)))
        return self._parcels[key]

    # Logs

    def _read_logs(self, *, last: bool = False) -> None:
        if not last and time.monotonic() < self._read_again:
            return
        self._read_again = time.monotonic() + LOG_SECONDS
        for index, member in self._members.items():
            if member.at:
                self._read_log(index, member)

    def _read_log(self, index: int, member: _Member, *, wait: bool = False) -> None:
        import ray

        if member.print is None:
            member.print = member.actor.printed.remote(member.printed)
        with contextlib.suppress(Exception):  # its work says that it has died
            if wait or _ready([member.print]):
                found = ray.get(member.print, timeout=LOG_SECONDS)
                member.print, member.printed = None, member.printed + len(found)
                self._print(index, found)

    def _print(self, index: int, text: bytes) -> None:
        if text:
            with contextlib.suppress(OSError), Path(self.log_of(index)).open("ab") as log:
                log.write(text)


def _ready(references: list[Any]) -> list[Any]:
    """Those of which Ray knows what came."""
    import ray

    return (
        list(ray.wait(references, num_returns=len(references), timeout=0)[0]) if references else []
    )

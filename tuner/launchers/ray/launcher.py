"""How many workers a Ray cluster has room for, and the crew that fills it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from tuner.basics.environment import keras_backend
from tuner.launchers.base import Launcher
from tuner.launchers.placement import AT_A_TIME, KEPT_FREE, MOST_WORKERS, Placement
from tuner.launchers.ray import joining
from tuner.launchers.ray.crew import Kind, RayCrew
from tuner.storages.forwarding import Forwarder
from tuner.storages.opening import open_storage
from tuner.storages.urls import address_of
from tuner.workers.orders import WorkerOrders

MOST = 16 * MOST_WORKERS
"""Workers that ``auto`` starts at most."""

JOIN_SECONDS = 10.0
"""More than a call to the post takes."""


@dataclass(frozen=True)
class Room:
    """Workers that a cluster has room for.

    Attributes:
        on_gpus: Those with a share of a GPU.
        on_cpus: Those on machines without.
    """

    on_gpus: int
    on_cpus: int


class RayLauncher(Launcher):
    """Starts workers as actors.

    Args:
        address: Of the cluster, as ``--on`` names it; None: what ``RAY_ADDRESS`` does, else a
            cluster of this machine's own.
    """

    name: ClassVar[str] = "ray"

    def __init__(self, address: str | None = None) -> None:
        self._address = address
        self._news: list[str] = []
        self._post: Any = None
        self._ended = threading.Event()
        self._delivery: threading.Thread | None = None

    @contextmanager
    def _joined(self) -> Iterator[Mapping[str, str]]:
        with joining.joined(self._address) as told:
            self._news = [] if told is None else [told]
            self._ended = threading.Event()
            try:
                yield {}
            finally:
                self._end_delivery()

    def _end_delivery(self) -> None:
        """Waits for the thread that answers calls: Ray ends a process that speaks to it late."""
        self._ended.set()
        if self._post is not None:
            import ray

            with suppress(Exception):  # the cluster may have gone
                ray.kill(self._post)
        if self._delivery is not None:
            self._delivery.join(JOIN_SECONDS)
        self._post = self._delivery = None

    def require(self) -> None:
        """Whether Ray is installed and something listens at its address."""
        joining.require(self._address)

    def shared(self) -> AbstractContextManager[Mapping[str, str]]:
        """The connection to the cluster."""
        return self._joined()

    def size(self, workers: int | Literal["auto"], left: int, space: str) -> int:
        """What was asked for, or what the cluster has room for now."""
        if workers != "auto":
            return workers
        room = self.room()
        return max(1, min(room.on_gpus + room.on_cpus, left, MOST))

    def start(
        self,
        orders: WorkerOrders,
        workers: int | Literal["auto"],
        left: int,
        space: str,
        logs: Path,
    ) -> RayCrew:
        """Actors that the cluster places."""
        environment = Placement().environment() | {"KERAS_BACKEND": keras_backend()}
        orders = replace(
            orders,
            environment={**orders.environment, **environment},
            sends_files=True,
            crew=self.size(workers, left, space),
        )
        news, self._news = self._news, []
        return RayCrew(
            orders,
            asked=None if workers == "auto" else workers,
            most=max(1, min(left, MOST)),
            wanted=self._wanted,
            post=self._post_for(orders.storage),
            logs=logs,
            news=news,
        )

    def room(self) -> Room:
        """What the machines that are there now have room for, whatever is busy."""
        import ray

        each = AT_A_TIME.get(keras_backend(), 1)
        on_gpus = on_cpus = 0
        for node in ray.nodes():
            if not node["Alive"]:
                continue
            cpus, gpus = (int(node["Resources"].get(kind, 0)) for kind in ("CPU", "GPU"))
            on_gpus += min(gpus * each, cpus)
            on_cpus += 0 if gpus else cpus
        return Room(on_gpus, on_cpus)

    def _wanted(self, most: int) -> list[Kind]:
        """The workers that the cluster should have now, those with a GPU first."""
        room = self.room()
        each = AT_A_TIME.get(keras_backend(), 1)
        on_gpu = Kind(1.0, 1.0 / each, 1.0 if each == 1 else (1.0 - KEPT_FREE) / each)
        return [*[on_gpu] * room.on_gpus, *[Kind(1.0, 0.0, 1.0)] * room.on_cpus][:most]

    def _post_for(self, url: str) -> Any:
        """The post to a storage that only this side has; None for one that all reach."""
        if address_of(url).file is None:
            return None
        if self._post is None:
            import ray

            from tuner.launchers.ray.actors import Post

            head = {"node:__internal_head__": 0.001}
            self._post = ray.remote(Post).options(num_cpus=0, resources=head).remote()
            forwarder = Forwarder(open_storage(url, create=False, worker=True, serves=True))
            given = (self._post, forwarder, self._ended)
            self._delivery = threading.Thread(target=deliver, args=given, daemon=True)
            self._delivery.start()
        return self._post


def deliver(post: Any, forwarder: Forwarder, ended: threading.Event) -> None:
    """Answers the calls that wait in a post, until the connection ends."""
    import ray

    answers: list[tuple[int, bytes]] = []
    while not ended.is_set():
        try:
            letters = ray.get(post.exchange.remote(answers))
        except Exception:
            if ended.wait(1.0):
                return
            continue
        answers = [(number, forwarder.answer(parcel)) for number, parcel in letters]


def address_in(on: str) -> str | None:
    """The address in what a user gave as ``--on``; None where it is just ``ray``."""
    return None if on == RayLauncher.name else on

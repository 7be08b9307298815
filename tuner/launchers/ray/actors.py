"""What runs in the cluster: a worker, and the post between workers and the searching side."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import sys
import tempfile
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tuner.basics.child_process import EXIT_ERROR
from tuner.basics.environment import cache_folder, keras_backend
from tuner.basics.gpus import gpus
from tuner.errors import DataError, TunerError
from tuner.workers import process
from tuner.workers.loop import Worker
from tuner.workers.orders import WorkerOrders

EXIT_LACKS = 78
"""The machine lacks the study's data, or has others where it says."""
LETTERS = 64
"""Calls that are taken from the post at a time."""
WAIT_SECONDS = 2.0


class Post:
    """Keeps the calls of workers until the searching side has answered them."""

    def __init__(self) -> None:
        self._number = itertools.count()
        self._letters: deque[tuple[int, bytes]] = deque()
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._arrived = asyncio.Event()

    async def bring(self, parcel: bytes) -> bytes:
        """Called by a worker: gives the answer to its call."""
        number = next(self._number)
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self._letters.append((number, parcel))
        self._arrived.set()
        return bytes(await answer)

    async def exchange(self, answers: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Called by the searching side: answers of the calls before, for the next ones."""
        for number, answer in answers:
            waiting = self._waiting.pop(number, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)
        if not self._letters:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), WAIT_SECONDS)
            except TimeoutError:
                return []
        return [self._letters.popleft() for _ in range(min(LETTERS, len(self._letters)))]


class RayWorker:
    """A worker in a process of Ray's.

    Args:
        fields: Its orders.
        share: How much of its GPU's memory it may take.
        post: The handle of the `Post`; None where it opens the storage itself.
    """

    def __init__(self, fields: dict[str, Any], share: float, post: Any) -> None:
        self._orders = WorkerOrders(**fields)
        self._share = share
        self._post = post
        self._worker: Worker | None = None
        log, name = tempfile.mkstemp(prefix="tuner-worker-", suffix=".log")
        self._log = Path(name)
        for stream in (1, 2):  # what a worker prints goes to the others' logs, not to Ray's
            os.dup2(log, stream)
        os.close(log)

    def where(self) -> dict[str, Any]:
        """Its machine and process."""
        import ray

        node = ray.get_runtime_context().get_node_id()
        return {"host": socket.gethostname(), "pid": os.getpid(), "node": node}

    def printed(self, at: int) -> bytes:
        """What it has printed from that byte on."""
        with self._log.open("rb") as opened:
            opened.seek(at)
            return opened.read(2**20)

    def receive(self, folder: str, files: Mapping[str, list[bytes]]) -> None:
        """Puts a data set into this machine's cache."""
        from tuner.data.parcels import unpack

        unpack(folder, files)

    def run(self) -> tuple[int, Any]:
        """Works until the study is done.

        Returns:
            Its exit code, and the kind and text of the error that ends the search; with
            `EXIT_LACKS`, by name of a data set why it is not to be had here.
        """
        try:
            process.set_up(self._orders.environment, [])
            lacks = self._lacks()
            if lacks:
                return EXIT_LACKS, lacks
            return self._work(), None
        except TunerError as error:
            traceback.print_exc()
            return EXIT_ERROR, (type(error).__name__, str(error))
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 1, None
        except Exception:
            traceback.print_exc()
            return 1, None
        finally:
            sys.stdout.flush()
            sys.stderr.flush()

    def stop(self) -> None:
        """Asks it to stop; ends its process where a step takes long."""
        if self._worker is None:
            os._exit(0)
        self._worker.stop.set()
        patience = self._orders.step_seconds
        threading.Thread(target=process.leave, args=(self._worker, patience), daemon=True).start()

    def _work(self) -> int:
        orders = replace(self._orders, results=str(self._results()))
        if self._share < 1.0 and (found := gpus()):
            orders = replace(orders, gpu_memory=int(found[0].memory * self._share))
        storage = None
        if self._post is not None:
            from tuner.storages.forwarding import ForwardedStorage

            storage = ForwardedStorage(self._bring())
        self._worker = Worker(orders, threading.Event(), storage)
        if orders.gpu_memory and keras_backend() == "tensorflow":
            process.bound_gpu_memory(orders.gpu_memory)
        return self._worker.run()

    def _results(self) -> Path:
        """Where its files go: to the results folder where this machine has it, else to its cache.

        What whoever started the search is to have of them is sent by the storage.
        """
        wanted = Path(self._orders.results)
        if wanted.parent.is_dir():
            return wanted
        return cache_folder() / "results" / wanted.name

    def _bring(self) -> Callable[[bytes], bytes]:
        import ray

        return lambda parcel: bytes(ray.get(self._post.bring.remote(parcel)))

    def _lacks(self) -> dict[str, str]:
        """By name of a data set why it is not to be had on this machine."""
        from tuner.data import open_again

        lacking = {}
        for key, reference in self._orders.data.items():
            try:
                open_again(**reference)
            except DataError as error:
                lacking[key] = str(error)
        return lacking

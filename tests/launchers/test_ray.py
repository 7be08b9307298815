"""Workers in a Ray cluster: what cannot be joined is one line; without it no Ray is needed."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import tiny
from tests.helpers.servers import free_port
from tuner.cli import main
from tuner.errors import UsageError
from tuner.launchers import launcher_for
from tuner.launchers.ray import joining
from tuner.launchers.ray.crew import Kind
from tuner.launchers.ray.launcher import RayLauncher, Room

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("ray://head:10001", ("head", 10_001)),
        ("ray://head", ("head", 10_001)),
        ("10.0.0.7:6379", ("10.0.0.7", 6379)),
        ("auto", None),
    ],
)
def test_where_an_address_leads(address: str, place: tuple[str, int] | None) -> None:
    assert joining.host_and_port(address) == place


@pytest.mark.parametrize("address", ["ray://", "ray://host:port", "http://head:8265"])
def test_an_address_that_is_none_is_one_line(address: str) -> None:
    with pytest.raises(UsageError, match="no address of Ray: it is written ray://HOST:10001"):
        joining.host_and_port(address)


@pytest.mark.parametrize(
    ("workers", "on", "said"),
    [
        (0, "ray", "--workers 0 starts no workers on ray"),
        (2, "rey", "did you mean 'ray'?"),
        (2, "slurm", "There are: processes, ray, and ray://HOST:10001"),
    ],
)
def test_what_cannot_run_workers_is_one_line(workers: int, on: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        launcher_for(workers, on)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_an_address_is_a_launcher() -> None:
    assert isinstance(launcher_for("auto", "ray://head:10001"), RayLauncher)
    assert launcher_for(2, "processes").name == "processes"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            RuntimeError("Version mismatch: The cluster was started with:\n  Ray: 2.9\n ..."),
            "is of another Ray or Python than this side",
        ),
        (
            RuntimeError("Python minor versions differ between client and server: python version"),
            "is of another Ray or Python than this side",
        ),
        (
            RuntimeError("InvalidAuthToken: Unauthenticated: bad token=abcdefsecret"),
            "does not take this side's token: set RAY_AUTH_MODE=token",
        ),
        (ConnectionError("ray client connection timeout"), "cannot be joined"),
    ],
)
def test_a_ray_that_refuses_is_one_line_without_secrets(error: Exception, said: str) -> None:
    pytest.importorskip("ray")
    line = joining.refusal("ray://me:sesame@head:10001", error)
    assert said in line and "\n" not in line
    assert "sesame" not in line and "abcdefsecret" not in line


@pytest.mark.parametrize("ours", ["ray", "python"])
def test_rays_own_words_for_other_versions_are_understood(ours: str) -> None:
    ray = pytest.importorskip("ray")
    from ray._private.utils import check_version_info

    python = ".".join(map(str, sys.version_info[:3]))
    there = {"ray_version": ray.__version__, "python_version": python}
    other = "2.9.3" if ours == "ray" else "3.9.1"
    there[f"{ours}_version"] = other
    with pytest.raises(RuntimeError) as caught:
        check_version_info(there, "Ray Client")
    line = joining.refusal("ray://head:10001", caught.value)
    assert "is of another Ray or Python than this side" in line and "\n" not in line
    assert other in line and ray.__version__ in line and python in line
    assert line.endswith("use the same versions on both.")


def test_where_no_ray_answers_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ray")
    monkeypatch.chdir(tmp_path)
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(UsageError) as caught, joining.joined(f"ray://{address}"):
        pass
    assert f"no Ray answers at ray://{address}" in str(caught.value)


def test_without_ray_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="needs Ray, which is not installed: pip install"):
        joining.require_installed()


@pytest.mark.parametrize("imported", [True, False])
def test_a_ray_imported_before_starts_without_a_token_and_says_so(
    imported: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ray.py").write_text("def shutdown(): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    monkeypatch.setattr(joining, "_imported_with_token", set())
    monkeypatch.setattr(joining, "require", lambda _: None)
    modes: list[str | None] = []
    monkeypatch.setattr(joining, "_connect", lambda _: modes.append(os.environ.get(joining.MODE)))
    try:
        if imported:
            importlib.import_module("ray")
        for _ in range(2):  # what this program has imported with it stays so
            with joining.joined(None) as told:
                assert told == (joining.LATE if imported else None)
    finally:
        del sys.modules["ray"]
    assert modes == [None if imported else "token"] * 2
    assert joining.MODE not in os.environ


class Nodes(RayLauncher):
    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room

    def room(self) -> Room:
        return self._room


def test_auto_takes_what_there_is_room_for_and_no_more_than_is_left() -> None:
    assert Nodes(Room(0, 12)).size("auto", 50, "space") == 12
    assert Nodes(Room(2, 12)).size("auto", 5, "space") == 5
    assert Nodes(Room(0, 0)).size("auto", 5, "space") == 1
    assert Nodes(Room(0, 1)).size(7, 50, "space") == 7


def test_machines_with_a_gpu_are_filled_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    on_gpu, on_cpu = Kind(1.0, 1.0, 1.0), Kind(1.0, 0.0, 1.0)
    assert Nodes(Room(2, 3))._wanted(4) == [on_gpu, on_gpu, on_cpu, on_cpu]
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    first = Nodes(Room(4, 0))._wanted(4)[0]
    assert first.gpus == 0.25 and first.share < 0.25


def test_a_command_without_it_imports_nothing_of_ray() -> None:
    code = (
        "import sys; import tuner.api, tuner.sessions.session, tuner.launchers, tuner.cli.search; "
        "print([m for m in sys.modules if m == 'ray' or m.startswith(('ray.', 'grpc'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_search_on_a_ray_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    tiny.write(tmp_path, target=0.9, horizon=3)
    typed = ["search", "tiny.toml", "--on", "ray", "--workers", "2", "--trials", "3"]
    done = subprocess.run(
        [sys.executable, "-m", "tuner", *typed, "--prove", "model", "--results", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)} | _without("RAY_ADDRESS", "RAY_AUTH_MODE"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert list((tmp_path / "out" / "tiny").glob("trial-*.keras"))
    assert "--on ray" in done.stdout and not (tmp_path / "out" / "tiny" / "ray").exists()
    logs = (tmp_path / "out" / "tiny" / "logs").glob("worker-*.log")
    assert len(list(logs)) == 2


def _without(*names: str) -> dict[str, Any]:
    return {name: "" for name in names if name in os.environ}


def test_the_option_is_told_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "--help"]) == 0
    assert "--on ray|ray://HOST:10001" in capsys.readouterr().out


@pytest.fixture
def asking() -> Iterator[str]:
    """A server that asks for a token as Ray's do; gives its address."""
    grpc = pytest.importorskip("grpc")

    class Doorman(grpc.ServerInterceptor):  # type: ignore[misc]
        def intercept_service(self, continuation: Any, details: Any) -> Any:
            shown = dict(details.invocation_metadata).get("authorization")
            if shown == "Bearer right":
                return continuation(details)
            refuse = lambda _, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "no")  # noqa: E731
            return grpc.unary_unary_rpc_method_handler(refuse)

    server = grpc.server(ThreadPoolExecutor(2), interceptors=[Doorman()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.mark.parametrize(("shown", "refused"), [("right", False), ("wrong", True), (None, True)])
def test_whether_a_token_is_taken_is_told_at_once(
    shown: str | None, refused: bool, asking: str
) -> None:
    assert joining.is_refused(asking, shown) is refused
    assert joining.is_refused(f"ray://{asking}", shown) is refused


def test_a_wrong_token_is_one_line_before_anything_is_made(
    asking: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("ray")
    tiny.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "wrong-and-secret")
    assert main(["search", "tiny.toml", "--on", f"ray://{asking}", "--results", "out"]) == 2
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 1 and "does not take this side's token" in said.err
    assert "wrong-and-secret" not in said.err + said.out and not (tmp_path / "out").exists()


def test_where_the_token_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert joining.token() is None
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    assert joining.token() is None
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("of the file\n")
    assert joining.token() == "of the file"
    (tmp_path / "other").write_text("of the path")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "other"))
    assert joining.token() == "of the path"
    monkeypatch.setenv("RAY_AUTH_TOKEN", "given")
    assert joining.token() == "given"

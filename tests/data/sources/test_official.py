"""The official archives, without a network and without Keras."""

from __future__ import annotations

import dataclasses
import hashlib
import socket
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.helpers import images
from tuner.data import resolve
from tuner.data.sources import official
from tuner.errors import DataUnavailableError


@pytest.fixture(autouse=True)
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "keras"
    (home / "datasets").mkdir(parents=True)
    monkeypatch.setenv("KERAS_HOME", str(home))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return home


def _point(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    changed = dataclasses.replace(official.ARCHIVES["mnist"], **changes)
    monkeypatch.setitem(official.ARCHIVES, "mnist", changed)


def _fake_keras(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    """Let the child process find a package ``keras`` of our own."""
    package = tmp_path / "packages" / "keras"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "import os\nimport numpy as np\n"
        "class config:\n    set_image_data_format = staticmethod(lambda order: None)\n"
        "class datasets:\n    class mnist:\n        @staticmethod\n        def load_data():\n"
        f"            {body}\n"
    )
    monkeypatch.syspath_prepend(str(package.parent))


@pytest.fixture
def server() -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as http:
        thread = Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/mnist.npz"
        http.shutdown()
        thread.join()


def test_unreachable(
    cache: Path, keras_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    _point(monkeypatch, url=f"http://127.0.0.1:{port}/mnist.npz")
    _fake_keras(monkeypatch, tmp_path, "raise AssertionError('Keras was started')")
    with pytest.raises(DataUnavailableError) as caught:
        resolve("mnist", cache=cache)
    line = str(caught.value)
    assert "\n" not in line
    assert f"not in Keras' cache ({keras_home / 'datasets'})" in line
    assert "refused" in line
    assert "use shapes10 or a path" in line


def test_a_server_that_never_answers(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "PROBE", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        _point(monkeypatch, url=f"http://127.0.0.1:{silent.getsockname()[1]}/mnist.npz")
        with pytest.raises(DataUnavailableError, match=r"timed out|no answer within"):
            resolve("mnist", cache=cache)


def test_a_half_downloaded_archive_is_no_archive(
    cache: Path, keras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (keras_home / "datasets" / "mnist.npz").write_bytes(b"half")
    monkeypatch.setattr(official, "_unreachable", lambda url: "no network")
    with pytest.raises(DataUnavailableError, match="no network"):
        resolve("mnist", cache=cache)


def test_out_of_keras_cache_and_then_out_of_ours(
    cache: Path, keras_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = keras_home / "datasets" / "mnist.npz"
    images.write_npz(archive, **images.arrays(train=200, test=20, classes=10, shape=(28, 28)))
    _point(monkeypatch, sha256=hashlib.sha256(archive.read_bytes()).hexdigest())
    _fake_keras(
        monkeypatch,
        tmp_path,
        "a = np.load(os.environ['KERAS_HOME'] + '/datasets/mnist.npz'); "
        "return (a['x_train'], a['y_train']), (a['x_test'], a['y_test'])",
    )
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: pytest.fail("network"))
    first = resolve("mnist", cache=cache)
    assert (first.name, first.classes) == ("mnist", tuple("0123456789"))
    assert (first.kind.shape, first.train_size, first.test_size) == ((28, 28, 1), 180, 20)
    archive.unlink()
    assert resolve("mnist", cache=cache) == first


def test_a_download_that_breaks_off_leaves_nothing(
    cache: Path,
    keras_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: str,
) -> None:
    _point(monkeypatch, url=server)
    _fake_keras(
        monkeypatch,
        tmp_path,
        "open(os.environ['KERAS_HOME'] + '/datasets/mnist.npz', 'wb').write(b'half'); "
        "raise OSError('connection reset')",
    )
    with pytest.raises(DataUnavailableError, match="connection reset"):
        resolve("mnist", cache=cache)
    assert not list((keras_home / "datasets").iterdir())
    assert not [path for path in cache.rglob("*") if path.is_file()]

"""Artifact stores by address: a folder that all machines see, a bucket."""

from __future__ import annotations

import hashlib
import http.server
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from tests.helpers import buckets, sent
from tests.helpers.sent import NAME, written
from tuner.errors import ArtifactError, UsageError
from tuner.records.keys import StudyKey
from tuner.storages import shared_artifacts
from tuner.storages.sent_files import SHOWN, SentFiles
from tuner.storages.shared_artifacts import SharedArtifacts, address_of, agree, probe, require
from tuner.storages.studies import study_names


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with buckets.serving() as served:
        yield served


@pytest.fixture(params=["folder", "bucket"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of each kind."""
    if request.param == "folder":
        return str(tmp_path / "shared" / "disk")
    request.getfixturevalue("client")
    return f"s3://bucket/{tmp_path.name}/deep"


@pytest.fixture
def main() -> optuna.Study:
    return sent.search("q10@shapes10")


def test_what_an_address_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert address_of("shared") == address_of(Path("shared")) == str(tmp_path / "shared")
    assert address_of("file:///mnt/disk") == "/mnt/disk"
    assert address_of("s3://bucket") == address_of("s3://bucket/") == "s3://bucket"
    assert address_of("S3://bucket/a/b/") == "s3://bucket/a/b"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "takes a folder .* but got nothing"),
        ("s3://", "names no bucket"),
        ("s3:///prefix", "names no bucket"),
        ("s3://My_Bucket/x", "names no bucket"),
        ("s3:/bucket/x", r"takes a folder .* or s3://BUCKET/PREFIX, but got s3:"),
        ("s3:bucket", r"takes a folder .* or s3://BUCKET/PREFIX, but got s3:bucket"),
        ("s3://key:hunter2@bucket/x", "must not hold a key or a password"),
        ("s3://hunter2@bucket/x", "must not hold a key or a password"),
        ("s3://bucket/x?secret=hunter2", "must not hold a key or a password"),
        ("s3://bucket/x?region=eu", "must not hold a key|nothing behind it"),
        ("s3://bucket/a/../b", "nothing behind it"),
        ("gs://bucket/x", "takes a folder .* but got gs://bucket"),
        ("https://me:hunter2@host/x", "takes a folder .* but got https://host"),
        ("file://host/x", "needs a whole path behind file://"),
    ],
)
def test_what_is_none(given: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        address_of(given)
    assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_store_that_works_is_left_as_it_was(address: str, tmp_path: Path) -> None:
    assert probe(address).address == address
    assert not [f for f in tmp_path.rglob("*") if f.is_file()]


def test_files_are_those_of_optunas_stores(address: str, tmp_path: Path) -> None:
    store = SharedArtifacts(address)
    study = optuna.create_study()
    file = written(tmp_path / "here", b"model")
    given = optuna.artifacts.upload_artifact(
        artifact_store=store, file_path=str(file), study_or_trial=study
    )
    to = tmp_path / "again"
    optuna.artifacts.download_artifact(artifact_store=store, file_path=str(to), artifact_id=given)
    assert to.read_bytes() == b"model"
    store.remove(given)
    with pytest.raises(optuna.artifacts.exceptions.ArtifactNotFound):
        store.open_reader(given)
    assert store.get(f"artifacts/{given}") is None
    store.drop(f"artifacts/{given}")


def test_a_model_comes_by_the_store_and_not_by_the_storage(
    main: optuna.Study, address: str, tmp_path: Path
) -> None:
    agree(main, probe(address))
    SentFiles(main, away=True).send(written(tmp_path / "there", b"model"))
    home = SentFiles(main)
    assert home.fetch_all(tmp_path / "home", main.user_attrs) == [NAME]
    assert (tmp_path / "home" / NAME).read_bytes() == b"model"
    assert home.fetch_all(tmp_path / "home", main.user_attrs) == []
    stored = main.user_attrs[f"{StudyKey.FILE}{NAME}"]["stored"]
    assert stored.startswith("q10@shapes10/trial-0003-") and stored.endswith(".keras")
    assert SharedArtifacts(address).get(stored) == b"model"
    home.clear(tmp_path / "home")
    assert SharedArtifacts(address).get(stored) == b"model"
    assert optuna.get_all_study_names(main._storage) == ["q10@shapes10"]


def test_a_model_of_the_searching_side_is_kept_in_the_store_as_well(
    main: optuna.Study, address: str, tmp_path: Path
) -> None:
    agree(main, probe(address))
    SentFiles(main).send(written(tmp_path / "home", b"model"))
    assert SentFiles(main, away=True).fetch(tmp_path / "elsewhere" / NAME)
    assert (tmp_path / "elsewhere" / NAME).read_bytes() == b"model"


def test_of_a_model_that_was_trained_on_the_newer_is_kept(
    main: optuna.Study, address: str, tmp_path: Path
) -> None:
    agree(main, probe(address))
    away, home, store = SentFiles(main, away=True), SentFiles(main), SharedArtifacts(address)
    away.send(written(tmp_path / "there", b"older"))
    older = main.user_attrs[f"{StudyKey.FILE}{NAME}"]["stored"]
    home.fetch_all(tmp_path / "home", main.user_attrs)
    away.send(written(tmp_path / "there", b"newer"))
    assert home.fetch_all(tmp_path / "home", main.user_attrs) == [NAME]
    assert (tmp_path / "home" / NAME).read_bytes() == b"newer"
    newer = main.user_attrs[f"{StudyKey.FILE}{NAME}"]["stored"]
    assert (store.get(older), store.get(newer)) == (None, b"newer")
    away.send(written(tmp_path / "there", b"newer"))
    assert store.get(newer) == b"newer"


def test_what_nobody_needs_is_forgotten_and_does_not_come_back(
    main: optuna.Study, address: str, tmp_path: Path
) -> None:
    agree(main, probe(address))
    home, store = SentFiles(main), SharedArtifacts(address)
    home.send(written(tmp_path / "there", b"model"))
    stored = main.user_attrs[f"{StudyKey.FILE}{NAME}"]["stored"]
    store.write("id-of-optunas", io.BytesIO(b"picture"))
    assert store.get("artifacts/id-of-optunas") == b"picture"
    home.forget(NAME)
    home.forget(f"{SHOWN}id-of-optunas")
    home.forget("trial-0099.keras")
    assert store.get(stored) is None and store.get("artifacts/id-of-optunas") is None
    assert home.fetch_all(tmp_path / "home", main.user_attrs) == []


def test_a_model_that_is_gone_from_the_store_is_asked_for_once(
    main: optuna.Study, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(main, probe(address))
    SentFiles(main).send(written(tmp_path / "there", b"model"))
    SharedArtifacts(address).drop(main.user_attrs[f"{StudyKey.FILE}{NAME}"]["stored"])
    asked = []
    get = SharedArtifacts.get
    monkeypatch.setattr(SharedArtifacts, "get", lambda s, n: [asked.append(n), get(s, n)][1])
    home = SentFiles(main)
    for _ in range(3):
        assert home.fetch_all(tmp_path / "home", main.user_attrs) == []
    assert len(asked) == 1


def test_a_disk_that_is_not_mounted_is_refused(
    main: optuna.Study, address: str, tmp_path: Path
) -> None:
    agree(main, probe(address))
    store = require(main)
    assert store is not None and store.address == address
    agree(main, None)
    agree(main, store)
    store.drop(main.user_attrs[StudyKey.ARTIFACTS]["mark"])
    for act in (lambda: require(main), lambda: agree(main, None), lambda: agree(main, store)):
        with pytest.raises(ArtifactError, match=r"is not the one that 'q10@shapes10' writes to"):
            act()
    moved = str(tmp_path / "moved")
    agree(main, probe(moved))
    again = require(main)
    assert again is not None and again.address == moved


def test_a_store_that_a_search_is_given_later_gets_what_it_had(
    main: optuna.Study, address: str, tmp_path: Path
) -> None:
    worker, home = SentFiles(main, away=True), SentFiles(main)
    worker.send(written(tmp_path / "there", b"model"))
    home.fetch_all(tmp_path / "home", main.user_attrs)
    written(tmp_path / "home", b"own", "trial-0004.keras")
    names = [NAME, "trial-0004.keras", "trial-0005.keras"]
    home.send_lacking(tmp_path / "home", names)
    assert "stored" not in main.user_attrs[f"{StudyKey.FILE}{NAME}"]
    for place in (address, str(tmp_path / "moved")):
        agree(main, probe(place))
        SentFiles(main).send_lacking(tmp_path / "home", names)
        for name, content in zip(names, (b"model", b"own"), strict=False):
            stored = main.user_attrs[f"{StudyKey.FILE}{name}"]["stored"]
            assert SharedArtifacts(place).get(stored) == content
        worker.send(written(tmp_path / "there", b"another", "trial-0006.keras"))
        stored = main.user_attrs[f"{StudyKey.FILE}trial-0006.keras"]["stored"]
        assert SharedArtifacts(place).get(stored) == b"another"
    assert f"{StudyKey.FILE}trial-0005.keras" not in main.user_attrs


def test_a_search_without_one_asks_for_none(main: optuna.Study) -> None:
    agree(main, None)
    assert require(main) is None and StudyKey.ARTIFACTS not in main.user_attrs


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match=r"cannot be written to on .*: .*; check the folder"):
        probe(tmp_path / "file" / "below")


@pytest.fixture
def refusing() -> Iterator[str]:
    """A server that refuses everybody."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def refuse(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b"<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = refuse  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def line(act: Callable[[], object]) -> str:
    with pytest.raises(ArtifactError) as caught:
        act()
    said = str(caught.value)
    assert "\n" not in said and "hunter2" not in said
    return said


def test_what_is_wrong_with_a_bucket_is_one_line(
    client: Any, refusing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = line(lambda: probe("s3://no-such-bucket/x"))
    assert "s3://no-such-bucket/x cannot be written to: NoSuchBucket" in said
    monkeypatch.setenv("AWS_ENDPOINT_URL", refusing)
    assert "cannot be written to: AccessDenied" in line(lambda: probe("s3://bucket/x"))
    assert "cannot be read: AccessDenied" in line(lambda: SharedArtifacts("s3://bucket").get("x"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://me:hunter2@127.0.0.1:9")
    assert "cannot be written to: " in line(lambda: probe("s3://bucket/x"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "no address at all")
    assert "cannot be reached: " in line(lambda: probe("s3://bucket/x"))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "cannot be reached: " in line(lambda: probe("s3://bucket/x"))


def test_nobodys_keys(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in buckets.KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert "Unable to locate credentials" in line(lambda: probe("s3://bucket/x"))


def test_without_its_package(
    main: optuna.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_artifacts.importlib.util, "find_spec", lambda _: None)
    said = line(lambda: probe("s3://bucket/x"))
    assert "needs the package boto3" in said and "[s3]" in said
    # What is on this machine needs none.
    main.set_user_attr(StudyKey.ARTIFACTS, {"address": "s3://bucket/x", "mark": "x"})
    about = {"sha256": hashlib.sha256(b"model").hexdigest(), "bytes": 5, "stored": "y"}
    main.set_user_attr(f"{StudyKey.FILE}{NAME}", about)
    file = written(tmp_path / "home", b"model")
    assert SentFiles(main).fetch_all(file.parent, main.user_attrs) == []
    file.unlink()
    assert "needs the package boto3" in line(lambda: SentFiles(main).fetch(file))


def test_pictures_of_a_worker_far_away_are_seen_at_home(main: optuna.Study, tmp_path: Path) -> None:
    away = SentFiles(main, away=True)
    away.store(tmp_path / "there").write("id-of-optunas", io.BytesIO(b"picture"))
    home = SentFiles(main)
    assert home.fetch_all(tmp_path / "home" / "q10", main.user_attrs) == ["id-of-optunas"]
    assert (tmp_path / "home" / "artifacts" / "id-of-optunas").read_bytes() == b"picture"
    home.clear(tmp_path / "home" / "q10")
    stored = optuna.load_study(study_name=f"{main.study_name}/files", storage=main._storage)
    assert not any(stored.user_attrs.values())
    assert study_names(main._storage) == ["q10@shapes10"]
    with home.store(tmp_path / "home").open_reader("id-of-optunas") as opened:
        assert opened.read() == b"picture"


@pytest.mark.parametrize("name", ["../outside", "/outside", "artifacts/../../outside", ""])
def test_a_name_that_leads_out_of_the_folder_is_left_alone(
    name: str, main: optuna.Study, tmp_path: Path
) -> None:
    SentFiles(main, away=True).send(written(tmp_path / "there", b"model"))
    about = main.user_attrs[f"{StudyKey.FILE}{NAME}"]
    forged = {f"{StudyKey.FILE}{name}": about}
    assert SentFiles(main).fetch_all(tmp_path / "home" / "q10", forged) == []

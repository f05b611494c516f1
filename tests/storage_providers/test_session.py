"""A storage for as long as a server opened it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.labelling_server import LabellingServer, labelling_server
from tests.storage_providers.file_server import file_server

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.exceptions import NotFoundError, ServerError
from synapse_sdk.storage_providers.errors import (
    StorageConfigError,
    StorageContractVersionError,
    StorageNotFoundError,
    StoragePermissionError,
    StorageRefreshUnavailableError,
    StorageSessionClosedError,
    StorageSessionExpiredError,
)
from synapse_sdk.storage_providers.session import SessionState
from synapse_sdk.storage_providers.staging import (
    STAGING_DIR_ENV_VAR,
    cleanup_staging,
    ensure_session_staging_dir,
    staging_root,
)
from synapse_sdk.utils.storage import BackendSessionProvider, StorageSession, get_pathlib

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LabellingServer]:
    with labelling_server(tmp_path / "storage") as server:
        (server.storage / "in").mkdir()
        for name in ("b.png", "a.png", ".hidden"):
            (server.storage / "in" / name).write_text(name)
        yield server


@pytest.fixture
def client(server: LabellingServer) -> Iterator[BackendClient]:
    client = BackendClient(server.url, "token")
    yield client
    client.close()


def describe(folder: Path, **more: Any) -> dict[str, Any]:
    return {"provider": "local", "configuration": {"location": str(folder)}, **more}


@pytest.mark.parametrize("opens_sessions", [True, False])
def test_a_server_s_storage_is_opened(server: LabellingServer, client: BackendClient, opens_sessions: bool):
    server.opens_sessions = opens_sessions

    with BackendSessionProvider(client).open(1, purpose="read") as session:
        assert [path.name for path in session.list_dir("in")] == ["a.png", "b.png"]
        assert [path.name for path in session.list_dir("in", show_hidden=True)] == [
            ".hidden",
            "a.png",
            "b.png",
        ]
        assert session.materialize("in/a.png") == server.storage / "in/a.png"
        assert get_pathlib(session, "in") == server.storage / "in"
        assert session.capabilities.rename

    (asked,) = server.requests("storages/1/session", "POST")
    assert asked.body == {"purpose": "read"}


def test_a_storage_that_is_not_there_is_told(client: BackendClient, server: LabellingServer):
    server.troubles = {"storages/9/session": [404], "storages/9": [404]}

    with pytest.raises(NotFoundError):
        BackendSessionProvider(client).open(9)


def test_after_its_end_nothing_is_reached(tmp_path: Path):
    session = StorageSession(describe(tmp_path), storage_id=4)
    session.close()
    session.close()

    assert session.state is SessionState.CLOSED
    for ask in (lambda: session.path("x"), session.refresh, lambda: session.materialize("x")):
        with pytest.raises(StorageSessionClosedError, match="The session of storage 4 was closed"):
            ask()


def test_a_session_whose_time_is_over_is_renewed_by_itself(tmp_path: Path):
    clock, given = Clock(), []

    def renew() -> dict[str, Any]:
        given.append(clock.now)
        return describe(tmp_path / "new", expires_at=(clock.now + timedelta(hours=1)).isoformat())

    soon = (NOON + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    session = StorageSession(describe(tmp_path / "old", expires_at=soon), renew=renew, now=clock)

    assert session.path("x") == tmp_path / "old/x"
    clock.now += timedelta(minutes=1)
    assert session.state is SessionState.EXPIRED
    assert session.path("x") == tmp_path / "new/x"
    assert (session.state, given) == (SessionState.OPEN, [clock.now])


def test_unless_that_was_turned_off(tmp_path: Path):
    clock = Clock()
    session = StorageSession(describe(tmp_path, expires_at=NOON), auto_refresh=False, now=clock, renew=dict)

    with pytest.raises(StorageSessionExpiredError, match="is over since 2026-01-01 12:00"):
        session.path("x")


def test_a_server_that_renews_none_is_told_and_asked_again_later(
    server: LabellingServer, client: BackendClient
):
    session = BackendSessionProvider(client).open(1)
    server.troubles["storages/1/session"] = [500] * 10

    with pytest.raises(StorageRefreshUnavailableError, match="storage 1 can not be renewed") as caught:
        session.refresh()

    assert isinstance(caught.value.__cause__, ServerError)
    assert session.state is SessionState.FAILED
    server.troubles.clear()
    assert session.path("in").is_dir()
    assert session.state is SessionState.OPEN


@pytest.mark.parametrize("version", [2, "1", True, None])
def test_a_newer_way_of_speaking_is_refused(version: Any, tmp_path: Path):
    with pytest.raises(StorageContractVersionError, match="this SDK understands 1"):
        StorageSession(describe(tmp_path, contract_version=version))


def test_a_time_that_is_none_is_refused(tmp_path: Path):
    with pytest.raises(StorageConfigError, match="not 'tomorrow'"):
        StorageSession(describe(tmp_path, expires_at="tomorrow"))


def test_it_is_neither_pickled_nor_does_it_print_secrets():
    configuration = {"bucket_name": "cats", "access_key": "me", "secret_key": "s3cret"}
    session = StorageSession({"provider": "s3", "configuration": configuration}, storage_id=4)

    assert repr(session) == "StorageSession(storage 4, 's3', open)"
    with pytest.raises(TypeError, match="can not be pickled"):
        pickle.dumps(session)


def test_copies_of_files_go_with_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(STAGING_DIR_ENV_VAR, str(tmp_path / "staging"))
    with file_server() as files:
        files.files = {"a/cat.png": b"one", "b/cat.png": b"two"}
        described = {"provider": "http", "configuration": {"base_url": f"{files.url}/files"}}

        with StorageSession(described) as session:
            first, second = session.materialize("a/cat.png"), session.materialize("b/cat.png")

            assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")
            assert first.name == second.name == "cat.png"
            with pytest.raises(StorageNotFoundError):
                session.materialize("gone.png")

    assert list((tmp_path / "staging").iterdir()) == []


def test_copies_of_a_process_that_was_killed_go_when_the_next_ones_are_made(tmp_path: Path):
    root = tmp_path / "staging"
    hold = (
        "import sys; from pathlib import Path\n"
        "from synapse_sdk.storage_providers.staging import ensure_session_staging_dir\n"
        f"print(ensure_session_staging_dir('other', Path({str(root)!r})), flush=True); sys.stdin.read()\n"
    )
    (root / "mine").mkdir(parents=True)  # the user's, who named this folder
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        (folder / "copy").write_text("a cat")
        for old in root.iterdir():
            os.utime(old, (0, 0))

        ensure_session_staging_dir("first", root)
        assert (folder / "copy").read_text() == "a cat"  # somebody works with it

        process.kill()
        process.wait()
        ensure_session_staging_dir("second", root)

    assert {path.name for path in root.iterdir()} == {"mine", "first", "second"}
    for session in ("first", "second"):
        cleanup_staging(session, root)


def test_the_folder_of_copies_is_one_s_own(tmp_path: Path):
    assert staging_root({STAGING_DIR_ENV_VAR: str(tmp_path)}) == tmp_path
    folder = ensure_session_staging_dir("one", tmp_path / "staging")
    assert folder.stat().st_mode & 0o777 == 0o700

    (tmp_path / "staging/two").symlink_to(tmp_path)
    for name in ("two", "../one", "", ".."):
        with pytest.raises(StoragePermissionError):
            ensure_session_staging_dir(name, tmp_path / "staging")

    cleanup_staging("one", tmp_path / "staging")
    cleanup_staging("one", tmp_path / "staging")
    assert not folder.exists()

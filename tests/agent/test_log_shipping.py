from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk._internal.errors import NotReachableError
from synapse_sdk.agent import log_shipping
from synapse_sdk.agent.log_shipping import LogShipper, LogShippingError


class Store:
    """The logs as a server keeps them."""

    def __init__(self) -> None:
        self.logs = {"stdout": b"", "stderr": b""}
        self.calls: list[tuple[str, int, int]] = []
        self.fails_at: int | None = None
        self.is_full = False

    def append(self, stream: str, offset: int, data: bytes) -> int:
        self.calls.append((stream, offset, len(data)))
        if self.fails_at == len(self.calls):
            raise NotReachableError("away")
        log = self.logs[stream]
        if offset <= len(log) and not self.is_full:
            self.logs[stream] = log + data[len(log) - offset :]
        return len(self.logs[stream])


@pytest.fixture
def store() -> Store:
    return Store()


def make_shipper(folder: Path, store: Store) -> LogShipper:
    files = {name: folder / f"{name}.log" for name in store.logs}
    return LogShipper(files, folder / "shipped.json", store.append)


def test_what_is_new_is_sent_once(tmp_path: Path, store: Store):
    shipper = make_shipper(tmp_path, store)
    assert shipper.ship() == 0  # no file yet
    (tmp_path / "stdout.log").write_bytes(b"one\n")
    (tmp_path / "stderr.log").write_bytes(b"oops\n")
    assert shipper.ship() == 9
    assert shipper.ship() == 0
    with (tmp_path / "stdout.log").open("ab") as log:
        log.write(b"two\n")

    assert shipper.ship() == 4

    assert store.logs == {"stdout": b"one\ntwo\n", "stderr": b"oops\n"}
    assert store.calls[-1] == ("stdout", 4, 4)


def test_the_next_agent_goes_on_where_the_last_one_stopped(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(log_shipping, "PIECE_BYTES", 4)
    (tmp_path / "stdout.log").write_bytes(b"0123456789")
    store.fails_at = 3
    with pytest.raises(NotReachableError):
        make_shipper(tmp_path, store).ship()
    store.calls.clear()

    store.fails_at = None
    make_shipper(tmp_path, store).ship()

    assert store.logs["stdout"] == b"0123456789"
    assert store.calls == [("stdout", 8, 2)]


def test_a_server_that_lost_the_end_of_a_log_gets_it_again(tmp_path: Path, store: Store):
    shipper = make_shipper(tmp_path, store)
    (tmp_path / "stdout.log").write_bytes(b"0123456789")
    shipper.ship()
    store.logs["stdout"] = b"0123"
    with (tmp_path / "stdout.log").open("ab") as log:
        log.write(b"ab")

    shipper.ship()

    assert store.logs["stdout"] == b"0123456789ab"


def test_a_server_that_takes_nothing_is_not_asked_forever(tmp_path: Path, store: Store):
    store.is_full = True
    (tmp_path / "stdout.log").write_bytes(b"0123456789")

    with pytest.raises(LogShippingError, match="takes nothing more of stdout at byte 0"):
        make_shipper(tmp_path, store).ship()

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


def test_the_disk_of_what_the_server_keeps_no_more_is_given_back(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
):
    mib = 1024 * 1024
    monkeypatch.setattr(log_shipping, "RELEASED_BYTES", mib)
    log = tmp_path / "stdout.log"
    files = {name: tmp_path / f"{name}.log" for name in store.logs}
    shipper = LogShipper(files, tmp_path / "shipped.json", store.append, kept_bytes=2 * mib)
    said = b"x" * (9 * mib) + b"the end\n"
    with log.open("ab", buffering=0) as writer:
        writer.write(said)

        assert shipper.ship() == len(said)
        writer.write(b"and more\n")  # the writer's place is where it was
        assert shipper.ship() == 9

    assert store.logs["stdout"] == said + b"and more\n"
    assert log.stat().st_size == len(said) + 9
    assert log.stat().st_blocks * 512 < 4 * mib
    assert log.read_bytes()[: 2 * mib] == b"x" * (2 * mib)
    assert log.read_bytes().endswith(b"the end\nand more\n")


def test_where_the_file_system_can_not_everything_stays(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
):
    asked = []

    def refuse(descriptor: int, start: int, end: int) -> bool:
        asked.append((start, end))
        return False

    monkeypatch.setattr(log_shipping, "RELEASED_BYTES", 4)
    monkeypatch.setattr(log_shipping, "release_range", refuse)
    files = {name: tmp_path / f"{name}.log" for name in store.logs}
    shipper = LogShipper(files, tmp_path / "shipped.json", store.append, kept_bytes=4)
    for text in (b"123456789", b"abcdefghi"):
        with (tmp_path / "stdout.log").open("ab") as log:
            log.write(text)
        shipper.ship()

    assert asked == [(4, 8)]
    assert (tmp_path / "stdout.log").read_bytes() == store.logs["stdout"] == b"123456789abcdefghi"

"""Events on their way to a server that is slow, away, killed or rude: none missing, none twice, in order."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.clients.event_server import EventServer, wait_until

from synapse_sdk.clients.errors import AuthenticationError, ClientConnectionError, ServerError
from synapse_sdk.clients.event_sink import EventsRefusedError, ServerSink, send_spool
from synapse_sdk.clients.event_spool import BATCH_BYTES, BATCH_LINES, EventSpool, SpoolReader
from synapse_sdk.plugins.events import EventStream

TOKEN = "synj_not-a-real-one"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EventServer]:
    folder = tmp_path / "server"
    folder.mkdir()
    server = EventServer(folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


class Said(list[str]):
    """What a sink told a person."""


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def sink(server: EventServer, spool: Path, said: Said) -> Iterator[ServerSink]:
    sink = ServerSink(spool, url=server.url, token=TOKEN, job="j1", say=said.append)
    yield sink
    sink.close(timeout_s=0)  # of a test that failed half-way


def line(seq: int, **more: Any) -> bytes:
    event = {"job": "j1", "attempt": 1, "producer": "worker", "seq": seq, **more}
    return json.dumps(event).encode()


class Line(NamedTuple):
    line: bytes


def batch(first: int, last: int) -> list[Line]:
    return [Line(line(seq)) for seq in range(first, last + 1)]


def seqs_of(spool: Path) -> list[int]:
    return [json.loads(line)["seq"] for line in spool.read_bytes().splitlines()]


# The ordinary day


def test_what_a_run_reports_is_with_the_server_when_it_has_closed(
    server: EventServer, sink: ServerSink, said: Said
) -> None:
    stream = EventStream([sink], job="j1")
    for step in range(2_500):
        stream.metrics("train", {"loss": 1 / (step + 1)})
    stream.message("done", level="success")
    stream.close()

    assert server.seqs() == list(range(1, 2_502))
    assert server.stored()[0]["values"] == {"loss": 1.0}
    assert (stream.failures, stream.lost_event_count, said) == ([], 0, [])
    for request in server.requests():
        assert request["path"] == "/jobs/j1/events/"
        assert request["token"] == f"Token {TOKEN}"
        assert request["type"] == "application/x-ndjson"
        assert request["line_count"] <= BATCH_LINES


def test_a_sink_that_was_told_nothing_makes_nothing(
    server: EventServer, sink: ServerSink, spool: Path
) -> None:
    sink.close()

    assert not spool.exists()
    assert server.requests() == []


def test_reporting_waits_for_nobody(server: EventServer, sink: ServerSink, spool: Path) -> None:
    server.behave(hold=True)
    stream = EventStream([sink], job="j1")
    stream.message("first", level="info")
    server.wait_for_requests(1)

    for number in range(3_000):
        stream.metrics("train", {"n": number})
    stream.flush()

    # The server has answered nothing yet, and everything is on the disk.
    assert server.stored() == []
    assert seqs_of(spool) == list(range(1, 3_002))
    server.behave()
    stream.close()
    assert server.seqs() == list(range(1, 3_002))


# Bad days of the server


def test_a_server_that_fails_for_a_while_gets_everything_in_order(
    server: EventServer, sink: ServerSink
) -> None:
    server.behave(answers=[500, 502, 408])
    sink.write(batch(1, 10))
    server.wait_for_requests(1)
    sink.write(batch(11, 20))

    sink.close()

    assert server.seqs() == list(range(1, 21))
    assert [request["status"] for request in server.requests()][:4] == [500, 502, 408, 200]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_a_pause_gets_it(server: EventServer, sink: ServerSink, status: int) -> None:
    server.behave(answers=[status], retry_after=1)
    sink.write(batch(1, 3))
    server.wait_for_requests(2)

    sink.close()

    first, second = server.requests()[:2]
    assert second["at_s"] - first["at_s"] >= 1
    assert server.seqs() == [1, 2, 3]


def test_a_server_that_is_killed_and_comes_back_misses_nothing(server: EventServer, sink: ServerSink) -> None:
    for round_number in range(4):
        first = 500 * round_number + 1
        for start in range(first, first + 500, 50):
            sink.write(batch(start, start + 49))
        server.kill()
        sink.write(batch(10_000 + round_number, 10_000 + round_number))
        server.start()

    sink.close(timeout_s=60)

    expected = []
    for round_number in range(4):
        expected += [*range(500 * round_number + 1, 500 * round_number + 501), 10_000 + round_number]
    assert server.seqs() == expected


def test_answers_that_get_lost_make_nothing_twice(server: EventServer, sink: ServerSink) -> None:
    server.behave(forget_answers=3)
    sink.write(batch(1, 700))
    server.wait_for_requests(2)
    sink.write(batch(701, 1_500))

    sink.close(timeout_s=60)

    assert server.seqs() == list(range(1, 1_501))
    assert sum(request["line_count"] for request in server.requests()) > 1_500


def test_a_portal_that_says_yes_to_everything_is_not_believed(server: EventServer, sink: ServerSink) -> None:
    server.behave(html=True)
    sink.write(batch(1, 3))
    server.wait_for_requests(2)
    server.behave()

    sink.close()

    assert server.seqs() == [1, 2, 3]


# Refusals


def test_exactly_the_lines_that_a_server_refuses_are_passed_over_and_counted(
    server: EventServer, sink: ServerSink, said: Said
) -> None:
    server.behave(poison="poison")
    poisoned = (1, 17, 18, 256)
    stream = EventStream([sink], job="j1")
    for seq in range(1, 257):
        stream.message("poison" if seq in poisoned else "good", level="info")

    stream.close()

    assert server.seqs() == [seq for seq in range(1, 257) if seq not in poisoned]
    assert sink.lost_event_count == 4
    (failure,) = stream.failures
    assert isinstance(failure.error, EventsRefusedError)
    assert "refused 4 events: refused with 422" in failure.error.message
    assert len(said) == 1
    assert "refuses events of this job" in said[0]
    copy = pickle.loads(pickle.dumps(failure.error))
    assert copy.lost_event_count == 4


def test_a_body_that_is_too_large_is_sent_in_smaller_ones(server: EventServer, sink: ServerSink) -> None:
    server.behave(max_bytes=2_000)
    sink.write(batch(1, 300))

    sink.close()

    assert server.seqs() == list(range(1, 301))
    assert sink.lost_event_count == 0


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_token_that_is_over_ends_the_sending_and_keeps_the_spool(
    server: EventServer, sink: ServerSink, spool: Path, said: Said, status: int
) -> None:
    server.behave(always=status)
    sink.write(batch(1, 10))
    wait_until(lambda: sink.stopped_by is not None)
    sink.write(batch(11, 20))

    sink.close()

    assert [request["status"] for request in server.requests()] == [status]
    assert seqs_of(spool) == list(range(1, 21))
    assert len(said) == 1
    assert f"takes no more events of this job (refused with {status})" in said[0]
    assert sink.lost_event_count == 0


# What is left when a run ends


def test_what_a_server_that_is_away_does_not_get_is_kept_told_and_sent_later(
    server: EventServer, sink: ServerSink, spool: Path, said: Said
) -> None:
    sink.write(batch(1, 10))
    # Stored is not enough: the answer must have come as well, or the server is rightly asked again.
    wait_until(lambda: sink._reader is not None and sink._reader.count_left()[0] == 0)
    server.kill()
    sink.write(batch(11, 15))

    sink.close(timeout_s=0.3)

    assert len(said) == 1
    assert said[0].startswith("5 events (")
    assert sink.lost_event_count == 0
    with pytest.raises(ClientConnectionError):
        send_spool(spool, url=server.url, token=TOKEN, job="j1")
    server.start()
    before = len(server.requests())
    assert send_spool(spool, url=server.url, token=TOKEN, job="j1") == (5, 0)
    assert server.seqs() == list(range(1, 16))
    assert [request["line_count"] for request in server.requests()[before:]] == [5]


def test_closing_while_the_server_thinks_does_not_wait_for_it(
    server: EventServer, sink: ServerSink, spool: Path, said: Said
) -> None:
    server.behave(hold=True)
    sink.write(batch(1, 10))
    server.wait_for_requests(1)

    sink.close(timeout_s=0)

    assert said[0].startswith("10 events (")
    server.behave()
    send_spool(spool, url=server.url, token=TOKEN, job="j1")
    assert server.seqs() == list(range(1, 11))


def test_sending_a_spool_again_sends_nothing_again(server: EventServer, spool: Path) -> None:
    EventSpool(spool).write(batch(1, 25_000))

    assert send_spool(spool, url=server.url, token=TOKEN, job="j1") == (25_000, 0)
    assert send_spool(spool, url=server.url, token=TOKEN, job="j1") == (0, 0)

    assert server.seqs() == list(range(1, 25_001))
    assert [request["line_count"] for request in server.requests()] == [10_000, 10_000, 5_000]


def test_a_spool_that_nobody_wrote_has_nothing_to_send(server: EventServer, spool: Path) -> None:
    assert send_spool(spool, url=server.url, token=TOKEN, job="j1") == (0, 0)


def test_sending_a_spool_says_why_it_could_not(server: EventServer, spool: Path) -> None:
    EventSpool(spool).write(batch(1, 3))
    server.behave(answers=[503, 401])

    with pytest.raises(ServerError):
        send_spool(spool, url=server.url, token=TOKEN, job="j1")
    with pytest.raises(AuthenticationError):
        send_spool(spool, url=server.url, token=TOKEN, job="j1")

    assert send_spool(spool, url=server.url, token=TOKEN, job="j1") == (3, 0)


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"offset_bytes": 7, "refused_count": 0}', b"null"])
def test_a_damaged_note_costs_a_second_sending_and_nothing_else(
    server: EventServer, spool: Path, note: bytes
) -> None:
    EventSpool(spool).write(batch(1, 3))
    spool.with_name("events.jsonl.sent").write_bytes(note)

    assert send_spool(spool, url=server.url, token=TOKEN, job="j1") == (3, 0)
    assert server.seqs() == [1, 2, 3]


# The spool


def test_a_line_without_end_waits_for_its_end(server: EventServer, spool: Path) -> None:
    spool.write_bytes(line(1) + b"\n" + line(2)[:20])

    assert send_spool(spool, url=server.url, token=TOKEN, job="j1") == (1, 0)

    with spool.open("ab") as file:
        file.write(line(2)[20:] + b"\n")
    assert send_spool(spool, url=server.url, token=TOKEN, job="j1") == (1, 0)
    assert server.seqs() == [1, 2]


def test_a_line_that_a_killed_process_left_torn_does_not_spoil_the_next(spool: Path) -> None:
    spool.write_bytes(line(1) + b"\n" + b'{"job": "j')

    EventSpool(spool).write(batch(2, 3))

    assert spool.read_bytes().split(b"\n") == [line(1), b'{"job": "j', line(2), line(3), b""]


def test_no_request_is_larger_than_the_server_takes(spool: Path) -> None:
    long = [Line(line(seq, text="x" * 900_000)) for seq in range(1, 12)]
    EventSpool(spool).write(long)
    reader, seen = SpoolReader(spool), []

    while (found := reader.read_batch()).data:
        assert found.line_count == found.data.count(b"\n")
        assert len(found.data) <= BATCH_BYTES
        seen.append(found.data)
        reader.advance(len(found.data))
    reader.close()

    assert b"".join(seen) == spool.read_bytes()


def test_a_line_too_large_for_any_request_is_counted_and_passed_over(
    server: EventServer, spool: Path
) -> None:
    EventSpool(spool).write([Line(line(1)), Line(b"x" * (2 * BATCH_BYTES + 5)), Line(line(3))])

    assert send_spool(spool, url=server.url, token=TOKEN, job="j1") == (2, 1)
    assert server.seqs() == [1, 3]


FULL_DISK = """
import resource, sys
from pathlib import Path
from synapse_sdk.clients.event_spool import EventSpool, SpoolFullError
from synapse_sdk.plugins.event_encoder import EncodedEvent

spool = EventSpool(Path(sys.argv[1]), full_disk_patience_s=0)
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (25, limit[1]))
try:
    spool.write([EncodedEvent(None, b"%09d" % number) for number in range(5)])
except SpoolFullError as error:
    print(error.taken_event_count)
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
spool.write([EncodedEvent(None, b"after")])
"""


def test_a_disk_that_is_full_keeps_whole_lines_and_says_how_many(spool: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", FULL_DISK, spool], capture_output=True, text=True, check=True
    )

    assert answer.stdout == "2\n"
    assert spool.read_bytes() == b"000000000\n000000001\nafter\n"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of one megabyte."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs the rights of an administrator")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_makes_a_batch_wait_for_room_and_the_rest_is_not_lost(
    server: EventServer, small_disk: Path, said: Said
) -> None:
    spool = small_disk / "events.jsonl"
    sink = ServerSink(spool, url=server.url, token=TOKEN, job="j1", say=said.append, full_disk_patience_s=60)
    stream = EventStream([sink], job="j1")
    stream.message("before", level="info")
    stream.flush()
    free_bytes = shutil.disk_usage(small_disk).free
    (small_disk / "filler").write_bytes(bytes(free_bytes - 20_000))

    for number in range(500):
        stream.metrics("train", {"n": number})
    wait_until(lambda: shutil.disk_usage(small_disk).free < 4096)
    (small_disk / "filler").unlink()
    stream.close()

    assert server.seqs() == list(range(1, 502))
    assert (stream.failures, said) == ([], [])


def test_a_disk_that_stays_full_loses_events_counts_them_and_goes_on_when_there_is_room(
    server: EventServer, small_disk: Path, said: Said
) -> None:
    spool = small_disk / "events.jsonl"
    sink = ServerSink(spool, url=server.url, token=TOKEN, job="j1", say=said.append, full_disk_patience_s=0)
    stream = EventStream([sink], job="j1")
    stream.message("before", level="info")
    stream.flush()
    (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free - 20_000))
    for number in range(500):
        stream.metrics("train", {"n": number})
    stream.flush()
    (small_disk / "filler").unlink()
    stream.message("after", level="info")
    stream.close()

    arrived = server.seqs()
    assert arrived == sorted(set(arrived))
    kinds = [event["kind"] for event in server.stored()]
    assert kinds[0] == "message"
    assert "loss" in kinds  # said at the end, when there was room again
    assert 0 < len(arrived) < 500
    # At least what is missing: lines kept of a batch that did not fit whole may be counted too.
    assert stream.lost_event_count >= 502 - len(arrived)
    (failure,) = stream.failures
    assert "No space left" in str(failure.error)


KILLED = """
import os, signal, sys
from pathlib import Path
from synapse_sdk.clients.event_sink import ServerSink
from synapse_sdk.plugins.events import EventStream

stream = EventStream([ServerSink(Path(sys.argv[1]), url=sys.argv[2], token="t", job="j1")], job="j1")
for number in range(4_000):
    stream.metrics("train", {"n": number})
stream.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_had_reported_is_sent_by_whoever_finds_its_spool(
    server: EventServer, spool: Path
) -> None:
    finished = subprocess.run([sys.executable, "-c", KILLED, spool, server.url], check=False)
    assert finished.returncode == -signal.SIGKILL

    send_spool(spool, url=server.url, token=TOKEN, job="j1")

    assert server.seqs() == list(range(1, 4_001))


# Children


def test_a_forked_child_reports_into_the_spool_and_its_parent_sends(
    server: EventServer, sink: ServerSink
) -> None:
    stream = EventStream([sink], job="j1")
    stream.message("parent", level="info")
    stream.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            stream.message("child", level="info")
            stream.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    wait_until(lambda: server.seqs(f"worker/{pid}") == [1])
    stream.message("parent again", level="info")
    stream.close()

    assert server.seqs() == [1, 2]


MANY_WRITERS = """
import os, sys
from pathlib import Path
from synapse_sdk.clients.event_spool import EventSpool
from synapse_sdk.plugins.event_encoder import EncodedEvent

spool = EventSpool(Path(sys.argv[1]))
spool.write([EncodedEvent(None, b"0 0 " + b"x" * 50)])
children = []
for child in range(1, 5):
    pid = os.fork()
    if pid == 0:
        for number in range(200):
            starts = [b"%d %d %d " % (child, number, part) for part in range(3)]
            spool.write([EncodedEvent(None, start + b"x" * 5000) for start in starts])
        os._exit(0)
    children.append(pid)
sys.exit(any(os.waitpid(pid, 0)[1] for pid in children))
"""


def test_processes_that_write_at_once_do_not_mix_their_lines(spool: Path) -> None:
    subprocess.run([sys.executable, "-c", MANY_WRITERS, spool], check=True)

    lines = spool.read_bytes().splitlines()[1:]
    assert len(lines) == 4 * 200 * 3
    for child in (b"1", b"2", b"3", b"4"):
        own = [entry.split()[1:3] for entry in lines if entry.split()[0] == child]
        assert own == [[b"%d" % number, b"%d" % part] for number in range(200) for part in range(3)]
    assert all(len(entry.split()[3]) == 5000 for entry in lines)


def test_a_sink_that_is_handed_on_takes_the_spool_along_and_not_the_token(
    server: EventServer, sink: ServerSink, spool: Path
) -> None:
    handed = pickle.dumps(sink)

    assert TOKEN.encode() not in handed
    assert TOKEN not in repr(sink)
    pickle.loads(handed).write(batch(1, 2))
    assert seqs_of(spool) == [1, 2]


# Over a network


@pytest.mark.parametrize("no_gzip", [False, True])
def test_large_bodies_to_another_machine_are_compressed_if_it_takes_that(
    tmp_path: Path, spool: Path, no_gzip: bool
) -> None:
    # Not an address that is known to be this machine's own, and on Linux it is.
    server = EventServer(tmp_path, host="127.0.0.2", behaviour={"no_gzip": no_gzip})
    server.start()
    try:
        EventSpool(spool).write(batch(1, 20_000))
        send_spool(spool, url=server.url, token=TOKEN, job="j1")
    finally:
        server.kill()

    assert server.seqs() == list(range(1, 20_001))
    requests = [(request["is_gzip"], request["status"]) for request in server.requests()]
    assert requests == ([(True, 415), (False, 200), (False, 200)] if no_gzip else [(True, 200), (True, 200)])


# Start-up


def test_making_a_sink_loads_no_http_library() -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from synapse_sdk.clients.event_sink import ServerSink
        ServerSink(Path("x"), url="http://127.0.0.1:1", token="t", job="j")
        sys.exit("httpx" in sys.modules)
        """
    )
    subprocess.run([sys.executable, "-c", script], check=True)

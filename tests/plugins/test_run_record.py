"""Run records: whole or absent, whoever dies, whoever writes at once, however full the disk is."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli_process import private_environment
from tests.cli_process import start as start_process
from tests.plugins.recording import RecordingSink
from tests.plugins.scripts import run_python, write_plugin_folder

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.plugins.events import EventStream
from synapse_sdk.plugins.run_record import (
    RunRecord,
    RunRecordError,
    get_run,
    iter_events,
    list_runs,
)
from synapse_sdk.wire.envelope import Envelope, EnvironmentReference, PluginReference
from synapse_sdk.wire.event import Event
from synapse_sdk.wire.outcome import RunOutcome


def make_envelope(job: str = "j") -> Envelope:
    return Envelope(
        job=job,
        workspace="local",
        mode="local",
        plugin=PluginReference(code="a", version="0.1.0"),
        action="train",
        entrypoint="plugin.train:Train",
        params={"x": 1},
        environment=EnvironmentReference(interpreter="i", platform="p", sdk_version="s"),
        created_at=utc_now(),
    )


def make_outcome(**values: object) -> RunOutcome:
    now = utc_now()
    return RunOutcome(**({"job": "j", "state": "SUCCEEDED", "started_at": now, "ended_at": now} | values))  # type: ignore[arg-type]


def record_metrics(record: RunRecord, count: int) -> EventStream:
    stream = EventStream([record], job="j")
    for number in range(count):
        stream.metrics("s", {"n": number})
    stream.close()
    return stream


# One run


def test_a_run_goes_from_running_to_its_outcome(tmp_path: Path):
    record = RunRecord.create(tmp_path, make_envelope())
    record_metrics(record, 3)

    assert (get_run(tmp_path, 1).state, get_run(tmp_path, 1).outcome) == ("RUNNING", None)

    outcome = make_outcome(state="FAILED", reason="no data", cause="action")
    record.finish(outcome)

    run = get_run(tmp_path, 1)
    assert (run.number, run.state, run.reason, run.outcome) == (1, "FAILED", "no data", outcome)
    assert run.envelope == make_envelope().model_copy(update={"created_at": run.envelope.created_at})
    assert [event.values for event in iter_events(run)] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_the_newest_run_comes_first(tmp_path: Path):
    for _ in range(11):
        RunRecord.create(tmp_path, make_envelope()).finish(make_outcome())

    assert [run.number for run in list_runs(tmp_path)] == list(range(11, 0, -1))


def test_a_folder_without_records_has_no_runs(tmp_path: Path):
    assert list_runs(tmp_path) == []
    with pytest.raises(RunRecordError, match="There is no run 3") as caught:
        get_run(tmp_path, 3)
    assert caught.value.hint == "Nothing was run here yet."
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_run_names_the_latest(tmp_path: Path):
    for _ in range(7):
        RunRecord.create(tmp_path, make_envelope()).finish(make_outcome())

    with pytest.raises(RunRecordError, match="There is no run 9") as caught:
        get_run(tmp_path, 9)

    assert caught.value.hint == "The latest are 7, 6, 5, 4, 3."


def test_records_keep_themselves_out_of_git(tmp_path: Path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    RunRecord.create(tmp_path, make_envelope()).finish(make_outcome())

    status = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain"], capture_output=True, text=True, check=True
    )

    assert status.stdout == ""


def test_records_survive_a_moved_plugin_folder(tmp_path: Path):
    folder = tmp_path / "before"
    folder.mkdir()
    record = RunRecord.create(folder, make_envelope())
    record_metrics(record, 2)
    record.finish(make_outcome())

    shutil.move(folder, tmp_path / "after")

    run = get_run(tmp_path / "after", 1)
    assert run.state == "SUCCEEDED"
    assert len(list(iter_events(run))) == 2
    assert RunRecord.create(tmp_path / "after", make_envelope()).number == 2


# Bad days


def test_a_run_whose_process_is_killed_is_lost(tmp_path: Path):
    folder = write_plugin_folder(
        tmp_path / "a", body="self.logger.flush(); print('up', flush=True); input()", result="1"
    )
    argv = [
        sys.executable,
        "-c",
        "from synapse_sdk.plugins import run_plugin; run_plugin('./a', 'train', sinks=[])",
    ]
    process = start_process(argv, cwd=tmp_path, env=private_environment(tmp_path / "home"), stdin="")
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    assert get_run(folder, 1).state == "RUNNING"

    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    run = get_run(folder, 1)
    assert (run.state, run.outcome) == ("FAILED", None)
    assert run.reason == "lost: its process ended without saying how"
    assert [run.state for run in list_runs(folder)] == ["FAILED"]
    assert [event.body for event in iter_events(run)] == [{"state": "RUNNING"}]


def test_a_last_line_that_a_crash_cut_short_ends_the_reading(tmp_path: Path):
    record = RunRecord.create(tmp_path, make_envelope())
    record_metrics(record, 3)
    with (record.folder / "events.jsonl").open("ab") as stream:
        stream.write(b'{"job":"j","pro')

    assert [event.seq for event in iter_events(get_run(tmp_path, 1))] == [1, 2, 3]


def test_a_damaged_line_is_told_with_its_number(tmp_path: Path):
    record = RunRecord.create(tmp_path, make_envelope())
    record_metrics(record, 1)
    with (record.folder / "events.jsonl").open("ab") as stream:
        stream.write(b"nonsense\n")

    with pytest.raises(RunRecordError, match=r"events\.jsonl:2 is not an event"):
        list(iter_events(get_run(tmp_path, 1)))


@pytest.mark.parametrize("name", ["envelope.json", "outcome.json"])
def test_a_damaged_document_is_named(tmp_path: Path, name: str):
    record = RunRecord.create(tmp_path, make_envelope())
    record.finish(make_outcome())
    (record.folder / name).write_text("{")

    with pytest.raises(RunRecordError, match=f"{name} is damaged"):
        get_run(tmp_path, 1)


def test_a_run_that_died_before_its_envelope_is_not_shown_and_its_number_not_reused(tmp_path: Path):
    (tmp_path / ".synapse/runs/1").mkdir(parents=True)

    assert list_runs(tmp_path) == []
    assert RunRecord.create(tmp_path, make_envelope()).number == 2


@pytest.mark.parametrize("text", ["2\n", "99", "abc", "-1", "²", ""])
def test_records_of_a_newer_format_are_refused_and_left_alone(tmp_path: Path, text: str):
    RunRecord.create(tmp_path, make_envelope()).finish(make_outcome())
    (tmp_path / ".synapse/format").write_text(text)

    for use in (
        list_runs,
        lambda folder: get_run(folder, 1),
        lambda folder: RunRecord.create(folder, make_envelope()),
    ):
        with pytest.raises(RunRecordError, match="reads up to 1") as caught:
            use(tmp_path)
        assert "Upgrade synapse-sdk" in (caught.value.hint or "")
    assert [entry.name for entry in (tmp_path / ".synapse/runs").iterdir()] == ["1"]


def test_records_of_other_writers_are_read_with_fields_unknown_to_us(tmp_path: Path):
    record = RunRecord.create(tmp_path, make_envelope())
    record_metrics(record, 1)
    record.finish(make_outcome())
    for name in ("envelope.json", "outcome.json", "events.jsonl"):
        document = json.loads((record.folder / name).read_text())
        (record.folder / name).write_text(
            json.dumps(document | {"schema_version": 2, "new": {"a": 1}}) + "\n"
        )

    run = get_run(tmp_path, 1)

    assert run.state == "SUCCEEDED"
    assert len(list(iter_events(run))) == 1


def test_a_folder_that_can_not_hold_records_is_told_before_anything_runs(tmp_path: Path):
    (tmp_path / ".synapse").write_text("a file")

    with pytest.raises(RunRecordError, match="can not be recorded") as caught:
        RunRecord.create(tmp_path, make_envelope())

    assert "nothing was run" in (caught.value.hint or "")


# Many processes


def test_numbers_are_unique_however_many_processes_begin_at_once(tmp_path: Path):
    script = """
import sys
from pathlib import Path
from tests.plugins.test_run_record import RunRecord, make_envelope, make_outcome, record_metrics
sys.stdin.readline()
for _ in range(10):
    record = RunRecord.create(Path("."), make_envelope(sys.argv[1]))
    print(record.number)
    record_metrics(record, 5)
    record.finish(make_outcome(job=sys.argv[1]))
"""
    environment = private_environment(tmp_path / "home") | {"PYTHONPATH": str(Path(__file__).parents[2])}
    processes = [
        start_process([sys.executable, "-c", script, f"job{i}"], cwd=tmp_path, env=environment, stdin="go\n")
        for i in range(4)
    ]

    said = [process.communicate("go\n", timeout=60) for process in processes]

    assert [process.returncode for process in processes] == [0] * 4, said
    numbers = [int(number) for stdout, _ in said for number in stdout.split()]
    assert sorted(numbers) == list(range(1, 41))
    runs = list_runs(tmp_path)
    assert len(runs) == 40
    for run in runs:
        assert run.outcome is not None
        assert run.outcome.job == run.envelope.job
        assert [event.seq for event in iter_events(run)] == [1, 2, 3, 4, 5]


# A full disk, by a real limit on the size of the process's files

FULL = """
import resource, sys
from synapse_sdk.plugins import run_plugin
{patient}
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
print(run_plugin("./a", "train", sinks=[]))
"""


def run_on_a_full_disk(tmp_path: Path, limit_bytes: int, *, result: str = "'done'", count: int = 100):
    write_plugin_folder(
        tmp_path / "a",
        body=f"""
        for n in range({count}):
            self.set_metrics({{'n': n}}, 's')
            if n % 10 == 0: self.logger.flush()
""".strip(),
        result=result,
    )
    source = FULL.format(patient="import warnings; warnings.simplefilter('default')")
    return run_python(source, tmp_path, args=[str(limit_bytes)], env={"PYTHONDONTWRITEBYTECODE": "1"})


@pytest.mark.parametrize("limit_bytes", [3_000, 3_001, 3_050, 3_100, 4_000])
def test_on_a_full_disk_events_are_whole_or_absent_and_the_result_is_not_lost(
    tmp_path: Path, limit_bytes: int
):
    finished = run_on_a_full_disk(tmp_path, limit_bytes)

    assert finished.returncode == 0, finished
    assert finished.stdout == "done\n"
    run = get_run(tmp_path / "a", 1)
    data = run.events_file.read_bytes()
    assert 0 < len(data) <= limit_bytes
    assert data.endswith(b"\n")
    events = [Event.model_validate_json(line) for line in data.splitlines()]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert run.outcome is not None
    assert run.state == "SUCCEEDED"
    assert run.outcome.event_count - run.outcome.lost_event_count == len(events)
    lost = run.outcome.lost_event_count
    assert f"RuntimeWarning: RunRecord lost {lost} events: [Errno 27] File too large" in finished.stderr


def test_on_a_disk_too_full_to_begin_nothing_is_run(tmp_path: Path):
    finished = run_on_a_full_disk(tmp_path, 100)

    assert finished.returncode == 1
    assert "RunRecordError" in finished.stderr
    assert "can not be recorded" in finished.stderr
    assert finished.stdout == ""
    assert list_runs(tmp_path / "a") == []
    assert list(tmp_path.glob("a/.synapse/**/*.partial")) == []


def test_on_a_disk_too_full_for_the_outcome_the_result_is_returned_and_the_loss_told(tmp_path: Path):
    finished = run_on_a_full_disk(tmp_path, 3_000, result="'x' * 5000", count=1)

    assert finished.returncode == 0, finished
    assert finished.stdout == "x" * 5000 + "\n"
    assert "RuntimeWarning: The end of run 1 can not be recorded" in finished.stderr
    run = get_run(tmp_path / "a", 1)
    assert (run.state, run.outcome) == ("FAILED", None)
    assert list(tmp_path.glob("a/.synapse/**/*.partial")) == []


def test_the_limit_of_these_tests_is_real(tmp_path: Path):
    finished = run_python(
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "open('f', 'wb', 0).write(b'x' * 11)\n"
        "open('f', 'ab', 0).write(b'x')",
        tmp_path,
    )

    assert "File too large" in finished.stderr
    assert (tmp_path / "f").stat().st_size == 10
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


# As a sink


def test_events_go_to_a_record_as_the_same_lines_as_to_other_sinks(tmp_path: Path):
    record, sink = RunRecord.create(tmp_path, make_envelope()), RecordingSink()
    stream = EventStream([record, sink], job="j")

    stream.message("hello", level="info")
    stream.metrics("s", {"x": float("nan")})
    stream.close()

    assert (record.folder / "events.jsonl").read_bytes() == b"".join(line + b"\n" for line in sink.lines)

"""The disk fills up, a folder vanishes, a file goes missing: a clear error, and nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli_process import SYNAPSE, Finished, Synapse, run_to_end
from tests.conftest import WritePlugin
from tests.journeys.small_plugins import DEMO_CONFIG, TRAIN, action_source

#: Says more than a small disk holds, then returns.
TALK = action_source("""
    for number in range(400):
        self.ctx.log_message(f"{number} " + "x" * 4000)
    return {"answer": 42}
""")
#: Writes a model of 600 kB beside itself and keeps it.
SAVE = action_source("""
    from pathlib import Path
    weights = Path(self.ctx.env.get("WEIGHTS_FOLDER")) / "best.pt"
    weights.write_bytes(os.urandom(600_000))
    return self.create_model(weights, name="big")["path"]
""")

#: Runs a program that may not make any file larger than so many bytes.
_WITH_FILE_LIMIT = (
    "import os, resource, sys; limit = int(sys.argv[1]);"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)); os.execv(sys.argv[2], sys.argv[2:])"
)

Limited = Callable[..., Finished]


@pytest.fixture
def limited(synapse: Synapse) -> Limited:
    """Run the CLI with a limit on the size of each file: `limited(100_000, "run", "list", cwd=…)`."""

    def run(limit_bytes: int, *args: str | Path, cwd: Path, env: dict[str, str] | None = None) -> Finished:
        argv = [sys.executable, "-c", _WITH_FILE_LIMIT, str(limit_bytes), *SYNAPSE, *map(str, args)]
        return run_to_end(argv, cwd=cwd, env=synapse.env(env))

    return run


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of one megabyte. Where none can be mounted, the tests with a limit stand alone."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs the rights of an administrator")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path, *, leaving_bytes: int) -> None:
    """Take the room of a small disk, but for a rest."""
    free_bytes = shutil.disk_usage(folder).free
    (folder / "filler").write_bytes(b"\0" * (free_bytes - leaving_bytes))


def assert_is_told_well(answer: Finished, *reasons: str) -> None:
    assert answer.returncode in (1, 2, 3), answer
    assert "synapse_sdk/cli" not in answer.stderr, answer  # no traceback of ours
    assert "Exception ignored" not in answer.stderr, answer
    assert any(reason in answer.stderr for reason in reasons), answer


def find_partial_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith((".partial", ".tmp"))]


# --- the run record


def test_on_a_full_disk_nothing_is_run_and_no_run_is_listed(
    synapse: Synapse, write_plugin: WritePlugin, small_disk: Path
):
    plugin = small_disk / "plugin"
    shutil.copytree(write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN}), plugin)
    fill(small_disk, leaving_bytes=0)

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert_is_told_well(answer, "No space left on device")
    assert "can not be recorded" in answer.stderr
    assert "nothing was run" in answer.stderr
    assert answer.stdout == ""
    assert synapse("run", "list", "--json", cwd=plugin).json()["runs"] == []
    assert find_partial_files(plugin) == []


def test_a_disk_that_fills_up_during_a_run_costs_events_that_are_counted_not_silence(
    synapse: Synapse, write_plugin: WritePlugin, small_disk: Path
):
    plugin = small_disk / "plugin"
    shutil.copytree(write_plugin(DEMO_CONFIG, {"plugin/train.py": TALK}), plugin)

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert "No space left on device" in answer.stderr, answer
    assert "synapse_sdk/cli" not in answer.stderr, answer
    events = (plugin / ".synapse/runs/1/events.jsonl").read_bytes()
    assert events.endswith(b"\n")
    kept = [json.loads(line)["seq"] for line in events.splitlines()]
    assert kept[:10] == list(range(1, 11))
    assert kept == sorted(set(kept))
    assert find_partial_files(plugin) == []


def test_a_file_that_may_not_grow_costs_events_that_are_counted_and_keeps_the_result(
    synapse: Synapse, write_plugin: WritePlugin, limited: Limited
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TALK})

    answer = limited(100_000, "plugin", "run", "train", "--json", cwd=plugin)

    assert answer.returncode == 0, answer
    document = answer.json()
    assert document["result"] == {"answer": 42}
    assert document["lost_event_count"] > 0
    assert document["event_count"] >= 400
    assert "File too large" in answer.stderr
    events = (plugin / ".synapse/runs/1/events.jsonl").read_bytes()
    assert events.endswith(b"\n")
    assert len(events) <= 100_000
    kept = [json.loads(line)["seq"] for line in events.splitlines()]
    assert kept[:10] == list(range(1, 11))
    assert kept == sorted(set(kept))
    assert len(kept) + document["lost_event_count"] == document["event_count"]


def test_an_end_that_can_not_be_recorded_still_shows_the_result(
    synapse: Synapse, write_plugin: WritePlugin, small_disk: Path
):
    source = action_source("""
        from pathlib import Path
        filler = Path.cwd().parent / "filler"
        try:
            with filler.open("wb", buffering=0) as stream:
                while stream.write(b"0" * 4096):
                    pass
        except OSError:
            pass
        return {"answer": 42}
    """)
    plugin = small_disk / "plugin"
    shutil.copytree(write_plugin(DEMO_CONFIG, {"plugin/train.py": source}), plugin)

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert_is_told_well(answer, "No space left on device")
    assert "42" in answer.stdout
    assert not (plugin / ".synapse/runs/1/outcome.json").exists()
    assert find_partial_files(plugin) == []


# --- models and datasets


def test_a_model_that_does_not_fit_on_the_disk_is_refused_and_not_listed(
    synapse: Synapse, write_plugin: WritePlugin, small_disk: Path, tmp_path: Path
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": SAVE})
    (small_disk / "data").mkdir()
    fill(small_disk, leaving_bytes=300_000)
    env = {"SYNAPSE_DATA_DIR": str(small_disk / "data"), "WEIGHTS_FOLDER": str(tmp_path)}

    answer = synapse("plugin", "run", "train", cwd=plugin, env=env)

    assert_is_told_well(answer, "No space left on device", "full")
    assert answer.returncode == 1, answer
    assert find_partial_files(small_disk) == []
    assert shutil.disk_usage(small_disk).free > 250_000
    assert synapse("model", "list", "--json", env=env).json() == {"models": []}
    assert (tmp_path / "best.pt").stat().st_size == 600_000


def test_a_model_larger_than_a_file_may_be_is_refused_and_not_listed(
    synapse: Synapse, write_plugin: WritePlugin, limited: Limited, tmp_path: Path
):
    source = action_source("return self.create_model(self.ctx.env.get('WEIGHTS'), name='big')['path']")
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})
    (tmp_path / "best.pt").write_bytes(os.urandom(600_000))

    answer = limited(
        400_000, "plugin", "run", "train", cwd=plugin, env={"WEIGHTS": str(tmp_path / "best.pt")}
    )

    assert_is_told_well(answer, "File too large", "too large")
    assert answer.returncode == 1, answer
    assert synapse("model", "list", "--json").json() == {"models": []}
    assert find_partial_files(synapse.home) == []


def test_registering_a_dataset_on_a_full_disk_registers_nothing(
    synapse: Synapse, small_disk: Path, tmp_path: Path
):
    digits = tmp_path / "digits"
    digits.mkdir()
    for number in range(20):
        (digits / f"{number}.txt").write_text(str(number))
    (small_disk / "data").mkdir()
    fill(small_disk, leaving_bytes=0)
    env = {"SYNAPSE_DATA_DIR": str(small_disk / "data")}

    answer = synapse("dataset", "register", digits, env=env)

    assert_is_told_well(answer, "No space left on device", "full")
    (small_disk / "filler").unlink()
    assert synapse("dataset", "list", "--json", env=env).json() == {"datasets": []}
    assert find_partial_files(small_disk) == []


def test_a_dataset_whose_folder_vanished_is_told_by_the_run_that_needs_it(
    synapse: Synapse, write_plugin: WritePlugin, tmp_path: Path
):
    digits = tmp_path / "digits"
    digits.mkdir()
    (digits / "1.txt").write_text("one")
    plugin = write_plugin(
        DEMO_CONFIG, {"plugin/train.py": action_source("return self.get_dataset()['path']")}
    )
    registered = synapse("dataset", "register", digits, "--json").json()
    number = registered["version"]["dataset_id"]
    assert synapse("plugin", "run", "train", "--set", f"dataset={number}", cwd=plugin).returncode == 0
    shutil.rmtree(digits)

    answer = synapse("plugin", "run", "train", "--set", f"dataset={number}", cwd=plugin)

    assert answer.returncode == 1, answer
    assert str(digits) in answer.stderr
    assert "hint: " in answer.stderr
    assert answer.stdout == ""
    assert synapse("run", "show", "2", "--json", cwd=plugin).json()["state"] == "FAILED"


def test_a_dataset_that_was_never_registered_is_told_by_the_run_that_needs_it(
    synapse: Synapse, write_plugin: WritePlugin
):
    plugin = write_plugin(
        DEMO_CONFIG, {"plugin/train.py": action_source("return self.get_dataset()['path']")}
    )

    answer = synapse("plugin", "run", "train", "--set", "dataset=123", cwd=plugin)

    assert answer.returncode == 1, answer
    assert "123" in answer.stderr.splitlines()[-2]
    assert "synapse dataset" in answer.stderr.splitlines()[-1]


@pytest.mark.parametrize("harm", ["missing", "changed"])
def test_a_model_whose_file_is_not_what_was_saved_is_told_by_the_run_that_needs_it(
    synapse: Synapse, write_plugin: WritePlugin, tmp_path: Path, harm: str
):
    (tmp_path / "best.pt").write_bytes(b"weights")
    sources = {
        "plugin/train.py": action_source("return self.create_model(self.params.name)"),
        "plugin/infer.py": action_source("return self.get_model(self.params.model)['path']"),
    }
    config = DEMO_CONFIG + "  infer:\n    entrypoint: plugin.infer:Action\n"
    plugin = write_plugin(config, sources)
    made = synapse("plugin", "run", "train", "--set", f"name={tmp_path / 'best.pt'}", "--json", cwd=plugin)
    model = made.json()["result"]
    kept = Path(model["path"])
    kept.chmod(0o644)
    if harm == "missing":
        kept.unlink()
    else:
        kept.write_bytes(b"others!")

    answer = synapse("plugin", "run", "infer", "--set", f"model={model['id']}", cwd=plugin)

    assert answer.returncode == 1, answer
    assert str(kept) in answer.stderr, answer
    assert answer.stdout == ""


# --- archives


WRITE_ARCHIVE = """
import sys
from pathlib import Path
from synapse_sdk.packaging import build_plan, write_archive
from synapse_sdk.plugins.config_file import load_config
from synapse_sdk.plugins.errors import ArchiveError

folder, archive = map(Path, sys.argv[1:])
try:
    write_archive(build_plan(folder, load_config(folder).config), archive)
except ArchiveError as error:
    sys.exit(f"ArchiveError: {error}")
"""


def test_an_archive_larger_than_a_file_may_be_is_refused_and_leaves_what_was_there(
    synapse: Synapse, write_plugin: WritePlugin, tmp_path: Path
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})
    (plugin / "weights.bin").write_bytes(os.urandom(600_000))
    out = tmp_path / "out"
    out.mkdir()
    (out / "release.zip").write_bytes(b"an older one")
    command = [sys.executable, "-c", WRITE_ARCHIVE, str(plugin), str(out / "release.zip")]

    answer = run_to_end(
        [sys.executable, "-c", _WITH_FILE_LIMIT, "200000", *command], cwd=synapse.cwd, env=synapse.env()
    )

    assert answer.returncode == 1, answer
    assert "ArchiveError: " in answer.stderr, answer
    assert "File too large" in answer.stderr
    assert {file.name: file.read_bytes() for file in out.iterdir()} == {"release.zip": b"an older one"}


def test_an_archive_that_does_not_fit_on_the_disk_is_refused_and_leaves_nothing(
    synapse: Synapse, write_plugin: WritePlugin, small_disk: Path
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})
    (plugin / "weights.bin").write_bytes(os.urandom(600_000))
    fill(small_disk, leaving_bytes=300_000)

    answer = run_to_end(
        [sys.executable, "-c", WRITE_ARCHIVE, str(plugin), str(small_disk / "release.zip")],
        cwd=synapse.cwd,
        env=synapse.env(),
    )

    assert answer.returncode == 1, answer
    assert "No space left on device" in answer.stderr, answer
    assert [file.name for file in small_disk.iterdir()] == ["filler"]

"""What this user may not read or write is named in a sentence, whoever asked for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli_process import SYNAPSE, Finished, Synapse, run_to_end
from tests.conftest import WritePlugin
from tests.journeys.small_plugins import DEMO_CONFIG, TRAIN, action_source

Restricted = Callable[..., Finished]


@pytest.fixture
def restricted(synapse: Synapse) -> Restricted:
    """Run the CLI as somebody whom permissions stop, which they do not stop the administrator otherwise."""
    wrapper: list[str] = []
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("permissions do not stop the administrator")
        wrapper = [setpriv, "--bounding-set", "-dac_override,-dac_read_search"]

    def run(*args: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> Finished:
        argv = [*wrapper, *SYNAPSE, *map(str, args)]
        return run_to_end(argv, cwd=cwd or synapse.cwd, env=synapse.env(env))

    return run


@pytest.fixture
def forbid() -> Iterator[Callable[..., None]]:
    """Take permissions away until the test has ended."""
    forbidden: list[Path] = []

    def take(path: Path, mode: int = 0) -> None:
        forbidden.append(path)
        path.chmod(mode)

    yield take
    for path in forbidden:
        if path.exists():
            path.chmod(0o755)


def assert_is_named(answer: Finished, *paths: Path) -> None:
    assert answer.returncode in (1, 2, 3), answer
    assert "synapse_sdk/cli" not in answer.stderr, answer
    assert "Permission denied" in answer.stderr or "not readable" in answer.stderr, answer
    assert all(str(path) in answer.stderr for path in paths), answer


@pytest.mark.parametrize(
    "command", ["plugin run train", "plugin info", "plugin check", "plugin update-config"]
)
def test_a_config_that_may_not_be_read(
    restricted: Restricted, write_plugin: WritePlugin, forbid: Callable[..., None], command: str
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})
    forbid(plugin / "config.yaml")

    answer = restricted(*command.split(), cwd=plugin)

    assert_is_named(answer, plugin / "config.yaml")


@pytest.mark.parametrize("command", ["plugin run train", "plugin info", "run list", "plugin check"])
def test_a_plugin_folder_that_may_not_be_entered(
    restricted: Restricted, write_plugin: WritePlugin, forbid: Callable[..., None], command: str
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})
    forbid(plugin)

    answer = restricted(*command.split(), "--path", plugin)

    assert_is_named(answer, plugin)


@pytest.mark.parametrize(
    "command", ["plugin run train", "plugin info", "plugin check", "plugin update-config"]
)
def test_a_source_file_that_may_not_be_read(
    restricted: Restricted, write_plugin: WritePlugin, forbid: Callable[..., None], command: str
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})
    forbid(plugin / "plugin/train.py")

    answer = restricted(*command.split(), cwd=plugin)

    assert answer.returncode in (1, 2, 3), answer
    assert "synapse_sdk/cli" not in answer.stderr, answer
    assert "plugin/train.py" in answer.stderr, answer


def test_a_plugin_folder_that_may_not_be_written_runs_nothing(
    restricted: Restricted, write_plugin: WritePlugin, forbid: Callable[..., None], tmp_path: Path
):
    marker = tmp_path / "ran"
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": action_source(f"open({str(marker)!r}, 'w')")})
    forbid(plugin, 0o555)

    answer = restricted("plugin", "run", "train", cwd=plugin)

    assert_is_named(answer, plugin / ".synapse")
    assert answer.returncode == 3, answer
    assert "nothing was run" in answer.stderr
    assert not marker.exists()


def test_a_config_that_may_not_be_written_stays_as_it_was(
    restricted: Restricted, write_plugin: WritePlugin, forbid: Callable[..., None]
):
    source = action_source("return 1") + "    input_type = 'yolo_dataset'\n"
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})
    forbid(plugin, 0o555)

    answer = restricted("plugin", "update-config", cwd=plugin)

    assert_is_named(answer, plugin)
    assert (plugin / "config.yaml").read_text() == DEMO_CONFIG


def test_a_folder_that_may_not_be_read_does_not_hide_the_plugin_beside_it(
    restricted: Restricted, write_plugin: WritePlugin, forbid: Callable[..., None], tmp_path: Path
):
    write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN}, folder="all/mine")
    others = tmp_path / "all/others"
    others.mkdir()
    forbid(others)

    answer = restricted("plugin", "run", "train", "--plugin", "demo", cwd=tmp_path / "all")

    assert answer.returncode == 0, answer


def test_a_params_file_that_may_not_be_read(
    restricted: Restricted, write_plugin: WritePlugin, forbid: Callable[..., None]
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN, "params.json": "{}"})
    forbid(plugin / "params.json")

    answer = restricted("plugin", "run", "train", "--params", "@params.json", cwd=plugin)

    assert_is_named(answer, plugin / "params.json")


def test_a_record_that_may_not_be_read(
    restricted: Restricted, synapse: Synapse, write_plugin: WritePlugin, forbid: Callable[..., None]
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})
    synapse("plugin", "run", "train", cwd=plugin)
    forbid(plugin / ".synapse/runs/1/events.jsonl")

    answer = restricted("run", "metrics", "1", cwd=plugin)

    assert_is_named(answer, plugin / ".synapse/runs/1/events.jsonl")


def test_a_dataset_with_a_file_that_may_not_be_read_is_not_registered(
    restricted: Restricted, synapse: Synapse, forbid: Callable[..., None], tmp_path: Path
):
    digits = tmp_path / "digits"
    digits.mkdir()
    (digits / "one.txt").write_text("1")
    forbid(digits / "one.txt")

    answer = restricted("dataset", "register", digits)

    assert_is_named(answer, digits)
    assert synapse("dataset", "list", "--json").json() == {"datasets": []}


def test_a_data_folder_that_may_not_be_written_is_named_by_the_run_and_by_the_doctor(
    restricted: Restricted, write_plugin: WritePlugin, forbid: Callable[..., None], tmp_path: Path
):
    (tmp_path / "best.pt").write_bytes(b"weights")
    source = action_source(f"return self.create_model({str(tmp_path / 'best.pt')!r})")
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})
    data = tmp_path / "data"
    data.mkdir()
    forbid(data, 0o555)
    env = {"SYNAPSE_DATA_DIR": str(data)}

    answer = restricted("plugin", "run", "train", cwd=plugin, env=env)
    doctor = restricted("doctor", env=env)

    assert_is_named(answer, data)
    assert answer.returncode == 1, answer
    assert doctor.returncode == 1, doctor
    assert f"{data} can not be written" in doctor.stdout
    assert "mend it: " in doctor.stdout


def test_a_folder_that_may_not_be_written_gets_no_plugin(
    restricted: Restricted, forbid: Callable[..., None], tmp_path: Path
):
    place = tmp_path / "place"
    place.mkdir()
    forbid(place, 0o555)

    answer = restricted("plugin", "create", "--name", "X", "--yes", "--path", place)

    assert_is_named(answer, place)
    assert list(place.iterdir()) == []


def test_settings_that_may_not_be_read_are_named(
    restricted: Restricted, synapse: Synapse, forbid: Callable[..., None]
):
    settings = synapse.home / ".synapse/config.json"
    settings.parent.mkdir()
    settings.write_text("{}")
    forbid(settings)

    answer = restricted("dataset", "list")

    assert_is_named(answer, settings)

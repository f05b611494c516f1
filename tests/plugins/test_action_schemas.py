"""Schemas of actions: from the source, else by importing the author's code in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.manifest.folders import write_files

from synapse_sdk.plugins.action_schemas import make_schemas
from synapse_sdk.plugins.imported_schemas import import_schemas

TRAIN = """\
from pydantic import BaseModel, Field
from synapse_sdk.plugins import BaseAction, TrainResult

print("imported")

class TrainParams(BaseModel):
    epochs: int = Field(default=5, ge=1, description="How often.")

class TrainAction(BaseAction[TrainParams]):
    result_model = TrainResult
    def execute(self): ...
"""
ENTRYPOINTS = {"train": "plugin.train:TrainAction"}
NONE = {"params": None, "result": None, "ui_schema": None}


def test_params_and_results_have_their_schemas_and_forms(tmp_path: Path):
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": TRAIN})

    schemas, problems = make_schemas(tmp_path, ENTRYPOINTS)

    assert problems == {}
    epochs = schemas["train"]["params"]["properties"]["epochs"]
    assert (epochs["default"], epochs["minimum"], epochs["description"]) == (5, 1, "How often.")
    assert "weights_path" in schemas["train"]["result"]["properties"]
    assert [element["name"] for element in schemas["train"]["ui_schema"]] == ["epochs"]
    assert "plugin.train" not in sys.modules


def test_code_that_can_not_be_imported_is_a_warning(tmp_path: Path):
    write_files(
        tmp_path,
        {"plugin/__init__.py": "", "plugin/train.py": TRAIN, "plugin/test.py": "import nothing_like_this\n"},
    )

    made = make_schemas(tmp_path, {**ENTRYPOINTS, "test": "plugin.test:TestAction"})

    assert made.schemas["train"]["params"] is not None
    assert made.schemas["test"] == NONE
    (warning,) = made.warnings
    assert warning.startswith("actions.test: no form for its params")
    assert "nothing_like_this" in warning


def test_code_that_ends_the_process_stops_nothing(tmp_path: Path):
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": "import os; os._exit(3)"})

    made = make_schemas(tmp_path, ENTRYPOINTS)

    assert made.schemas == {"train": NONE}
    assert "ended the process: exit code 3" in made.warnings[0]


def test_threads_that_a_module_starts_are_not_waited_for(tmp_path: Path):
    endless = "import atexit, threading, time\n"
    endless += "threading.Thread(target=time.sleep, args=(600,)).start()\natexit.register(time.sleep, 600)\n"
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": endless + TRAIN})

    made = import_schemas(tmp_path, ENTRYPOINTS, timeout_s=20)

    assert made.problems == {}
    assert made.schemas["train"]["params"] is not None


def test_code_that_never_ends_ends_without_whoever_asked(tmp_path: Path):
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": "while True: pass"})
    request = {
        "folder": str(tmp_path),
        "entrypoints": ENTRYPOINTS,
        "answer": str(tmp_path / "answer.json"),
        "timeout_s": 0.5,
    }

    # As it is left alone by an asker that was killed: nobody stops it.
    ended = subprocess.run(
        [sys.executable, "-P", "-B", "-m", "synapse_sdk.plugins.imported_schemas"],
        input=json.dumps(request),
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == -signal.SIGALRM
    assert not (tmp_path / "answer.json").exists()


def test_code_that_never_ends_is_given_up(tmp_path: Path):
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": "import time; time.sleep(600)"})

    made = make_schemas(tmp_path, ENTRYPOINTS, timeout_s=3)

    assert made.schemas == {"train": NONE}
    assert "took longer than 3 s" in made.warnings[0]


def test_a_module_that_says_goodbye_hides_no_other(tmp_path: Path):
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": TRAIN, "plugin/test.py": "exit(3)"})

    made = make_schemas(tmp_path, {"test": "plugin.test:TestAction", **ENTRYPOINTS})

    assert made.schemas["train"]["params"] is not None
    assert made.problems == {"test": "SystemExit: 3"}


def test_a_module_that_prints_without_measure_costs_no_memory(tmp_path: Path):
    flood = "for _ in range(300):\n    print('x' * 1_000_000, file=sys.stderr)\n"
    code = f"import sys\n{flood}raise KeyError('end')\n"
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": code})

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = make_schemas(tmp_path, ENTRYPOINTS)

    assert made.problems == {"train": "KeyError: 'end'"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_what_a_module_starts_ends_with_it(tmp_path: Path):
    start = "import subprocess\nchild = subprocess.Popen(['sleep', '600'])\n"
    code = f"{start}open('pid', 'w').write(str(child.pid))\n{TRAIN.replace('=5', '=int(5)')}"
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": code})

    assert make_schemas(tmp_path, ENTRYPOINTS).problems == {}

    pid = int((tmp_path / "pid").read_text())
    assert not Path(f"/proc/{pid}").exists() or "(sleep) Z" in Path(f"/proc/{pid}/stat").read_text()


def test_one_reason_for_all_actions_is_said_once(tmp_path: Path):
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": "import os; os._exit(3)"})

    (warning,) = make_schemas(tmp_path, {"a": "plugin.train:A", "b": "plugin.train:B"}).warnings

    assert warning.startswith("no forms for this plugin's params: importing its code ended the process")


class TestCache:
    """What was worked out once is kept, until something that it came from changes."""

    @pytest.fixture
    def plugin(self, tmp_path: Path) -> Path:
        """A plugin whose every import leaves a line in `imports`."""
        folder = tmp_path / "plugin-folder"
        code = TRAIN.replace("print(", f"open({str(tmp_path / 'imports')!r}, 'a').write(").replace(
            "default=5", "default=int('5')"
        )
        write_files(folder, {"plugin/__init__.py": "", "plugin/train.py": code})
        return folder

    def make(self, plugin: Path, **options: Any) -> Any:
        return make_schemas(plugin, ENTRYPOINTS, cache_folder=plugin.parent / "cache", **options)

    def count_imports(self, plugin: Path) -> int:
        file = plugin.parent / "imports"
        return file.read_text().count("imported") if file.exists() else 0

    def test_a_module_is_imported_once(self, plugin: Path):
        first = self.make(plugin)
        second = self.make(plugin)

        assert first == second
        assert first.schemas["train"]["params"]["properties"]["epochs"]["default"] == 5
        assert self.count_imports(plugin) == 1

    @pytest.mark.parametrize("file", ["plugin/train.py", "plugin/other.py", "plugin/train/__init__.py"])
    def test_any_source_that_changes_or_comes_counts(self, plugin: Path, file: str):
        self.make(plugin)
        write_files(plugin, {file: (plugin / "plugin/train.py").read_text().replace("'5'", "'6'")})

        again = self.make(plugin)

        assert self.count_imports(plugin) == 2
        assert again.schemas["train"]["params"]["properties"]["epochs"]["default"] == 5 + ("train" in file)

    def test_a_module_from_elsewhere_that_changes_counts(
        self, plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        write_files(tmp_path / "shared", {"numbers_of_ours.py": "FIVE = 5\n"})
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "shared"))
        code = (plugin / "plugin/train.py").read_text().replace("int('5')", "FIVE")
        write_files(plugin, {"plugin/train.py": f"from numbers_of_ours import FIVE\n{code}"})
        self.make(plugin)
        write_files(tmp_path / "shared", {"numbers_of_ours.py": "FIVE = 5 + 1\n"})

        again = self.make(plugin)

        assert again.schemas["train"]["params"]["properties"]["epochs"]["default"] == 6

    def test_what_can_not_be_imported_is_tried_again(self, plugin: Path, tmp_path: Path):
        code = (plugin / "plugin/train.py").read_text()
        write_files(plugin, {"plugin/train.py": f"open({str(tmp_path / 'there')!r})\n{code}"})
        assert "FileNotFoundError" in self.make(plugin).problems["train"]
        (tmp_path / "there").touch()

        assert self.make(plugin).problems == {}

    def test_another_entrypoint_is_another_action(self, plugin: Path):
        write_files(plugin, {"plugin/test.py": TRAIN.replace("epochs", "rounds")})
        self.make(plugin)

        again = make_schemas(
            plugin, {"train": "plugin.test:TrainAction"}, cache_folder=plugin.parent / "cache"
        )

        assert list(again.schemas["train"]["params"]["properties"]) == ["rounds"]

    def test_actions_that_were_asked_for_one_by_one_are_kept_together(self, plugin: Path):
        code = (plugin / "plugin/train.py").read_text()
        write_files(plugin, {"plugin/test.py": code})
        for names in (["train"], ["test"], ["train", "test"]):
            entrypoints = {name: f"plugin.{name}:TrainAction" for name in names}
            make_schemas(plugin, entrypoints, cache_folder=plugin.parent / "cache")

        assert self.count_imports(plugin) == 2

    @pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff"])
    def test_a_file_of_the_cache_that_is_broken_counts_as_absent(self, plugin: Path, content: bytes):
        first = self.make(plugin)
        (file,) = (plugin.parent / "cache/schemas").iterdir()
        file.write_bytes(content)

        assert self.make(plugin) == first
        assert self.make(plugin) == first
        assert self.count_imports(plugin) == 2

    def test_a_cache_that_can_not_be_written_stops_nothing(self, plugin: Path):
        (plugin.parent / "cache").write_text("a file where the folder would be")

        assert self.make(plugin).problems == {}

    def test_old_states_are_thrown_away(self, plugin: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("synapse_sdk.plugins.schema_cache._KEPT", 2)
        literal = TRAIN.replace('print("imported")', "")
        for number in range(4):
            write_files(plugin, {"plugin/train.py": literal.replace("default=5", f"default={number}")})
            self.make(plugin)

        kept = sorted((plugin.parent / "cache/schemas").iterdir(), key=os.path.getmtime)
        assert len(kept) == 2
        assert '"default": 3' in kept[-1].read_text()

    def test_without_a_cache_each_call_asks_anew(self, plugin: Path):
        make_schemas(plugin, ENTRYPOINTS)
        make_schemas(plugin, ENTRYPOINTS)

        assert self.count_imports(plugin) == 2

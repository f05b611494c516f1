"""From a request to a recorded outcome."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.recording import FailingSink, RecordingSink, strict_json
from tests.plugins.scripts import CONFIG, run_python, say, write_files, write_plugin_folder

from synapse_sdk._internal.errors import NotAdmittedError, NotReachableError
from synapse_sdk.manifest import build, known_files
from synapse_sdk.plugins.discovery import PluginDiscovery, resolve_plugin
from synapse_sdk.plugins.enums import ExecutionMode
from synapse_sdk.plugins.errors import (
    ActionNotFoundError,
    ConfigNotFoundError,
    ExecutionError,
    ParamsError,
    PluginRunError,
    ValidationError,
)
from synapse_sdk.plugins.run_plan import ModuleImportError, RunRequest, plan
from synapse_sdk.plugins.run_record import get_run, iter_events, list_runs
from synapse_sdk.plugins.runner import MESSAGE_LIMIT, RESULT_LIMIT_BYTES, FinishedRun, run_plugin, submit
from synapse_sdk.plugins.tracebacks import TEXT_LIMIT
from synapse_sdk.workspace import LocalWorkspace

_package_number = itertools.count()

PARAMS = """
class Params(BaseModel):
    x: int = 1
    token: SecretStr = SecretStr("")
    dataset: int | None = None
    checkpoint: int | None = None
"""


def write_plugin(folder: Path, execute: str = "return {'x': self.params.x}", *, config: str = "") -> Path:
    """Write a plugin under a package name of its own, so that many of them run in this process."""
    package = f"plugin_of_test_runner_{next(_package_number)}"
    source = f"""\
import asyncio, os, sys, time
from pydantic import BaseModel, SecretStr
from synapse_sdk.plugins import BaseTrainAction
from synapse_sdk.plugins.errors import ExecutionError
{PARAMS}
class Train(BaseTrainAction[Params]):
    def execute(self):
{textwrap.indent(textwrap.dedent(execute).strip(), " " * 8)}
"""
    text = CONFIG.format(code="a", entrypoint=f"{package}.train:Train") + config
    return write_files(
        folder, {"config.yaml": text, f"{package}/__init__.py": "", f"{package}/train.py": source}
    )


def run(folder: Path, *, sinks: Any = (), **options: Any) -> FinishedRun:
    request = RunRequest(plugin=PluginDiscovery.from_path(folder), action="train", **options)
    return submit(plan(request), sinks)


# Finding the plugin


def test_a_plugin_is_run_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_plugin(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)

    for name in ("./mine", "mine", tmp_path / "mine", str(tmp_path / "mine"), "mine/config.yaml", "mine/."):
        assert run_plugin(name, "train", {"x": 2}, sinks=[]) == {"x": 2}


def test_a_plugin_is_run_by_its_code_from_its_own_folder_or_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_plugin(tmp_path / "plugins/mine")

    for folder in ("plugins/mine", "plugins", "."):
        monkeypatch.chdir(tmp_path / folder)
        assert run_plugin("a", "train", sinks=[]) == {"x": 1}


def test_synapse_yaml_is_found_by_the_name_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = write_plugin(tmp_path / "mine")
    (folder / "config.yaml").rename(folder / "synapse.yaml")
    monkeypatch.chdir(tmp_path)

    assert resolve_plugin("mine").folder == folder


def test_an_unknown_code_names_those_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_plugin(tmp_path / "mine")
    write_files(tmp_path, {"broken/config.yaml": "name: [\n"})
    monkeypatch.chdir(tmp_path)

    with pytest.raises(PluginRunError, match=r"Plugin not found: no config\.yaml with `code: b`") as caught:
        run_plugin("b", "train")

    assert caught.value.details["found"] == [f"{tmp_path}/broken (its config does not fit)", "a"]


def test_a_code_in_two_folders_names_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_plugin(tmp_path / "one")
    write_plugin(tmp_path / "two")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(PluginRunError, match="is in 2 folders") as caught:
        run_plugin("a", "train")

    assert caught.value.details["folders"] == [f"{tmp_path}/one", f"{tmp_path}/two"]


def test_the_current_folder_comes_before_folders_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_plugin(tmp_path)
    write_plugin(tmp_path / "below")
    monkeypatch.chdir(tmp_path)

    assert resolve_plugin("a").folder == tmp_path


def test_a_folder_without_a_config_is_told(tmp_path: Path):
    with pytest.raises(ConfigNotFoundError, match=r"^Config file not found"):
        run_plugin(tmp_path, "train")


# Asking wrongly


def test_an_unknown_action_names_the_known_ones_and_the_closest(tmp_path: Path):
    with pytest.raises(
        ActionNotFoundError, match=r"^Action not found: trian\. This plugin has train\.$"
    ) as caught:
        run_plugin(write_plugin(tmp_path), "trian")

    assert caught.value.hint == "Did you mean 'train'?"
    assert list_runs(tmp_path) == []


def test_params_that_do_not_fit_run_nothing(tmp_path: Path):
    folder = write_plugin(tmp_path)

    with pytest.raises(ParamsError, match="The params of train do not fit: y: there is no such param"):
        run_plugin(folder, "train", {"y": 1})

    assert list_runs(folder) == []


@pytest.mark.parametrize(
    ("mode", "kind", "words"),
    [
        ("task", NotReachableError, "Ray connection failed"),
        ("job", NotReachableError, "Ray connection failed"),
        ("remote", NotAdmittedError, "Not authenticated"),
    ],
)
def test_a_mode_that_is_not_to_be_had_says_so_and_never_runs_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, kind: type[Exception], words: str
):
    folder = write_plugin(tmp_path)
    monkeypatch.setenv("SYNAPSE_HOME", str(tmp_path / "home"))

    for given in (mode, ExecutionMode(mode)):
        with pytest.raises(kind, match=f"^{words}"):
            run_plugin(folder, "train", mode=given)

    assert list_runs(folder) == []


@pytest.mark.parametrize("mode", ["locl", "", "LOCAL", 3, None])
def test_an_unknown_mode_names_the_known_ones(tmp_path: Path, mode: Any):
    folder = write_plugin(tmp_path)

    with pytest.raises(ValidationError, match="allowed are local, task, job, remote"):
        run_plugin(folder, "train", mode=mode)

    assert list_runs(folder) == []


def test_params_too_large_for_a_run_are_refused(tmp_path: Path):
    request = RunRequest(plugin=PluginDiscovery.from_path(write_plugin(tmp_path)), action="train")
    text = "x" * (16 * 1024 * 1024)

    with pytest.raises(ValidationError, match="larger than 16,777,216 bytes"):
        plan(RunRequest(plugin=request.plugin, action="train", language=text))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import a_missing_library", "needs the module 'a_missing_library', which is not installed"),
        ("import synapse_sdk.a_missing_room", "imports 'synapse_sdk.a_missing_room', which synapse-sdk"),
        ("raise RuntimeError('broken')", "can not be imported: RuntimeError: broken"),
        ("def (", "can not be imported: SyntaxError"),
        ("import sys; sys.exit(3)", "can not be imported: SystemExit: 3"),
    ],
)
def test_code_that_can_not_be_imported_is_told_with_the_authors_traceback(
    tmp_path: Path, code: str, message: str
):
    folder = write_plugin(tmp_path)
    source = next(folder.glob("*/train.py"))
    source.write_text(f"{code}\n")

    with pytest.raises(ModuleImportError) as caught:
        run_plugin(folder, "train")

    assert message in caught.value.message
    trace = caught.value.details["traceback"]
    assert str(source) in trace
    assert "synapse_sdk/plugins" not in trace
    assert "importlib" not in trace


@pytest.mark.parametrize("thing", ["class Train: ...", "Train = 5"])
def test_an_entrypoint_that_is_no_action_says_how_to_make_it_one(tmp_path: Path, thing: str):
    folder = write_plugin(tmp_path)
    next(folder.glob("*/train.py")).write_text(f"{thing}\n")

    with pytest.raises(PluginRunError, match=r"The entrypoint .* of train is no action: ") as caught:
        run_plugin(folder, "train")

    assert "BaseAction[Params]" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("excute", "Write it in the class. Or is excute() meant to be it?"),
        ("helper", "Write it in the class."),
    ],
)
def test_a_class_that_lacks_what_it_must_have_says_so(tmp_path: Path, name: str, hint: str):
    folder = write_plugin(tmp_path)
    head = "from synapse_sdk.plugins import BaseAction\nclass Train(BaseAction):\n"
    next(folder.glob("*/train.py")).write_text(f"{head}    def {name}(self): ...\n")

    with pytest.raises(PluginRunError, match=r"of train is no action: Train has no execute\(\)\.$") as caught:
        run_plugin(folder, "train")

    assert caught.value.hint == hint


def test_a_module_of_the_plugin_that_is_imported_from_nowhere_is_told_with_its_place(tmp_path: Path):
    folder = write_plugin(tmp_path)
    source = next(folder.glob("*/train.py"))
    (source.parent / "beside.py").touch()
    source.write_text("from beside import thing\n")

    with pytest.raises(ModuleImportError, match=r"imports 'beside', which is '\w+.beside' here") as caught:
        run_plugin(folder, "train")

    assert caught.value.hint == f"Write: from {source.parent.name}.beside import …"


@pytest.mark.parametrize(
    "thing",
    [
        "def Train(x: int = 1): return {'x': x}",
        "class Train:\n    def run(self, params): return params",
        "from synapse_sdk.plugins import action\n@action\ndef Train(params, context): return params",
        "async def Train(**kwargs): return kwargs",
    ],
)
def test_a_function_and_a_plain_class_are_actions_too(tmp_path: Path, thing: str):
    folder = write_plugin(tmp_path)
    next(folder.glob("*/train.py")).write_text(f"{thing}\n")

    assert run_plugin(folder, "train", {"x": 5}) == {"x": 5}


# How it ends


def test_a_success_is_returned_and_recorded(tmp_path: Path):
    folder = write_plugin(tmp_path, "self.set_metrics({'loss': 1}, 'train')\nreturn {'x': self.params.x}")
    sink = RecordingSink()

    finished = run(folder, sinks=[sink], params={"x": "5"})

    assert finished.result == {"x": 5}
    assert finished.error is None
    assert finished.warnings == ()
    recorded = get_run(folder, finished.record.number)
    assert recorded.outcome == finished.outcome
    assert (recorded.state, recorded.reason, finished.outcome.cause) == ("SUCCEEDED", None, None)
    assert finished.outcome.result == {"x": 5}
    assert finished.outcome.started_at <= finished.outcome.ended_at
    events = list(iter_events(recorded))
    assert events == sink.events
    assert [event.kind for event in events] == ["state", "metric", "state"]
    assert [event.body for event in events if event.kind == "state"] == [
        {"state": "RUNNING"},
        {"state": "SUCCEEDED"},
    ]
    assert {event.job for event in events} == {recorded.envelope.job}
    assert (finished.outcome.event_count, finished.outcome.lost_event_count) == (3, 0)


@pytest.mark.parametrize(
    ("execute", "message", "kind"),
    [
        ("raise LookupError('gone')", "Action execution failed: LookupError: gone", "LookupError"),
        ("sys.exit(3)", "Action execution failed: the action called sys.exit(3).", "SystemExit"),
        ("raise ExecutionError('no data', {'a': 1})", "no data", "ExecutionError"),
        (
            "return {'history': [1, object()]}",
            "Action execution failed: result.history[1] is a object, which can not be written as JSON.",
            "NotJsonError",
        ),
        (
            "return self.get_dataset()",
            "get_dataset() found no dataset: the params have neither `dataset` nor `dataset_id`.",
            "ExecutionError",
        ),
    ],
)  # fmt: skip
def test_a_failure_is_raised_and_recorded_with_the_authors_traceback(
    tmp_path: Path, execute: str, message: str, kind: str
):
    folder = write_plugin(tmp_path, execute)

    with pytest.raises(ExecutionError) as caught:
        run_plugin(folder, "train", sinks=[])

    assert caught.value.message == message
    recorded = get_run(folder, 1)
    assert recorded.outcome is not None
    failure = recorded.outcome.failure
    assert failure is not None
    assert (recorded.state, recorded.reason, recorded.outcome.cause) == ("FAILED", message, "action")
    assert (failure.type, failure.message) == (kind, message)
    if kind != "NotJsonError":
        assert failure.traceback is not None
        assert failure.traceback.splitlines()[1].lstrip().startswith(f'File "{folder}')
    assert list(iter_events(recorded))[-1].body == {"state": "FAILED", "reason": message}


def test_an_interrupt_stops_the_run_and_is_raised(tmp_path: Path):
    folder = write_plugin(tmp_path, "raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        run_plugin(folder, "train", sinks=[])

    recorded = get_run(folder, 1)
    assert recorded.outcome is not None
    assert (recorded.state, recorded.outcome.cause, recorded.reason) == (
        "STOPPED",
        "cancelled",
        "interrupted",
    )


@pytest.mark.parametrize(
    ("execute", "kind"),
    [("raise asyncio.CancelledError", asyncio.CancelledError), ("raise GeneratorExit", GeneratorExit)],
)
def test_whatever_else_ends_an_action_is_recorded_too(
    tmp_path: Path, execute: str, kind: type[BaseException]
):
    folder = write_plugin(tmp_path, execute)

    with pytest.raises(kind):
        run_plugin(folder, "train", sinks=[])

    recorded = get_run(folder, 1)
    assert (recorded.state, recorded.reason) == ("FAILED", f"Action execution failed: {kind.__name__}")


def test_a_message_without_end_is_cut_in_the_record(tmp_path: Path):
    folder = write_plugin(tmp_path, "raise ValueError('x' * 5_000_000)")

    with pytest.raises(ExecutionError):
        run_plugin(folder, "train", sinks=[])

    recorded = get_run(folder, 1).outcome
    assert recorded is not None
    assert recorded.failure is not None
    assert len(recorded.failure.message) == MESSAGE_LIMIT
    assert len(recorded.failure.traceback or "") < TEXT_LIMIT + 100
    assert "characters are left out" in (recorded.failure.traceback or "")
    assert (recorded.failure.traceback or "").startswith("Traceback")


def test_a_result_that_is_too_large_for_a_record_fails_with_its_size(tmp_path: Path):
    folder = write_plugin(tmp_path, f"return {{'text': 'x' * {RESULT_LIMIT_BYTES}}}")

    with pytest.raises(ExecutionError, match=r"its result has 16,777,228 bytes as JSON; at most 16,777,216"):
        run_plugin(folder, "train", sinks=[])

    recorded = get_run(folder, 1)
    assert recorded.state == "FAILED"
    assert recorded.outcome is not None
    has_result = recorded.outcome.result is not None  # not shown: it is large
    assert not has_result


@pytest.mark.parametrize(
    "execute",
    [
        "raise FileNotFoundError(2, 'gone', '/data/\\udcff.png')",
        "raise ExecutionError(5)",
        "raise ExecutionError('x', {'a': {1: object()}, 'b': '\\udcff'}, hint=3)",
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
        "return {'file': '/data/\\udcff.png'}",
        (
            "from dataclasses import dataclass\nimport threading\n@dataclass\nclass R:\n    lock: object\n"
            "return R(threading.Lock())"
        ),
        "x = []\nfor _ in range(5000): x = [x]\nreturn x",
    ],
)
def test_even_a_failure_that_is_hard_to_tell_is_told(tmp_path: Path, execute: str):
    folder = write_plugin(tmp_path, execute)

    with pytest.raises(ExecutionError):
        run_plugin(folder, "train", sinks=[])

    assert get_run(folder, 1).state == "FAILED"
    strict_json((folder / ".synapse/runs/1/outcome.json").read_bytes())


def test_a_sink_that_fails_does_not_fail_the_run_and_is_warned_about(tmp_path: Path):
    folder = write_plugin(tmp_path)

    finished = run(folder, sinks=[FailingSink()])

    assert finished.outcome.state == "SUCCEEDED"
    assert finished.warnings == ("FailingSink lost 4 events: no room",)
    assert finished.outcome.lost_event_count == 4
    assert finished.outcome.event_count == len(list(iter_events(get_run(folder, 1)))) == 4


def test_warnings_of_a_run_are_pythons_warnings(tmp_path: Path):
    with pytest.warns(RuntimeWarning, match="FailingSink lost 4 events: no room"):
        run_plugin(write_plugin(tmp_path), "train", sinks=[FailingSink()])


def test_a_child_that_the_action_forks_never_writes_how_the_run_ended(tmp_path: Path):
    for name, child in (
        ("exits", "sys.exit(3)"),
        ("raises", "raise LookupError"),
        ("returns", "return 'child'"),
    ):
        folder = write_plugin_folder(
            tmp_path / name,
            imports="import os, sys",
            body=f"""
        if os.fork() == 0:
            self.ctx.log_message("child")
            {child}
        os.wait()
        assert not os.path.exists({str(tmp_path / name / ".synapse/runs/1/outcome.json")!r})
""".strip(),
            result="'parent'",
        )

        finished = run_python(
            f"from synapse_sdk.plugins import run_plugin\nprint(run_plugin('./{name}', 'train', sinks=[]))",
            tmp_path,
        )

        assert finished.stdout == "parent\n", finished
        recorded = get_run(folder, 1)
        assert (recorded.state, recorded.outcome.result if recorded.outcome else None) == (
            "SUCCEEDED",
            "parent",
        )
        producers = {event.producer for event in iter_events(recorded)}
        assert len(producers) == 2, "the child reports under a name of its own"


# The envelope


def test_the_envelope_tells_what_decided_the_run(tmp_path: Path):
    folder = write_plugin(tmp_path, "return self.ctx.seed")

    finished = run(folder, params={"x": "5", "token": "hush"}, language="ko")

    envelope = get_run(folder, 1).envelope
    assert envelope.params == {"x": 5, "token": "**********", "dataset": None, "checkpoint": None}
    assert (envelope.plugin.code, envelope.plugin.version, envelope.plugin.folder) == (
        "a",
        "0.1.0",
        str(folder),
    )
    assert envelope.plugin.folder_digest is not None
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", envelope.plugin.folder_digest)
    assert (envelope.action, envelope.mode, envelope.workspace, envelope.language) == (
        "train",
        "local",
        "local",
        "ko",
    )
    assert envelope.entrypoint.endswith(".train:Train")
    assert envelope.seed == finished.result
    assert envelope.inputs == ()
    assert "hush" not in (folder / ".synapse/runs/1/envelope.json").read_text()
    assert finished.outcome.job == envelope.job


def test_each_run_has_a_job_and_a_seed_of_its_own(tmp_path: Path):
    folder = write_plugin(tmp_path)

    envelopes = [
        plan(RunRequest(plugin=PluginDiscovery.from_path(folder), action="train")).envelope for _ in range(5)
    ]

    assert len({envelope.job for envelope in envelopes}) == 5
    assert len({envelope.seed for envelope in envelopes}) == 5
    assert [envelope.job for envelope in envelopes] == sorted(envelope.job for envelope in envelopes)


def test_the_folders_digest_changes_with_the_code_and_not_with_records(tmp_path: Path):
    folder = write_plugin(tmp_path)

    def digest() -> str | None:
        request = RunRequest(plugin=PluginDiscovery.from_path(folder), action="train")
        return plan(request).envelope.plugin.folder_digest

    first = digest()
    run(folder)
    assert digest() == first

    (folder / "notes.txt").write_text("new")
    assert digest() != first


def test_files_that_a_run_read_are_known_to_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(known_files, "is_settled", lambda *_: True)
    folder = write_plugin(tmp_path)
    request = RunRequest(plugin=PluginDiscovery.from_path(folder), action="train")
    first = plan(request).envelope.plugin.folder_digest
    monkeypatch.setattr(build, "digest_bytes", lambda data: pytest.fail("a file was read again"))

    assert plan(request).envelope.plugin.folder_digest == first


def test_a_plan_changes_nothing(tmp_path: Path):
    folder = write_plugin(tmp_path)

    plan(RunRequest(plugin=PluginDiscovery.from_path(folder), action="train"))

    assert not (folder / ".synapse").exists()


@pytest.fixture
def workspace(tmp_path: Path) -> LocalWorkspace:
    return LocalWorkspace(tmp_path / "workspace")


def test_inputs_are_recorded_with_their_digests(tmp_path: Path, workspace: LocalWorkspace):
    data = write_files(tmp_path / "data", {"train/a.txt": "a"})
    workspace.datasets.register(data, name="letters")
    (tmp_path / "best.pt").write_text("weights")
    model = workspace.create_model(tmp_path / "best.pt", name="best")
    folder = write_plugin(tmp_path / "plugin")
    params = {"dataset": 1, "checkpoint": model["id"]}

    run(folder, params=params, open_workspace=lambda: workspace)

    found = [
        (item.kind, item.id, item.version, item.digest[:7]) for item in get_run(folder, 1).envelope.inputs
    ]
    assert found == [("dataset", 1, 1, "sha256:"), ("model", 1, None, "sha256:")]


def test_an_input_that_is_not_there_is_told_where_the_author_asks_for_it(
    tmp_path: Path, workspace: LocalWorkspace
):
    folder = write_plugin(tmp_path / "plugin", "return self.get_dataset()")

    finished = run(folder, params={"dataset": 9}, open_workspace=lambda: workspace)

    assert get_run(folder, 1).envelope.inputs == ()
    assert "There is no dataset 9" in (finished.outcome.reason or "")


def test_a_run_reads_the_version_that_its_envelope_names(tmp_path: Path, workspace: LocalWorkspace):
    data = write_files(tmp_path / "data", {"a.txt": "a"})
    workspace.datasets.register(data, name="letters")
    folder = write_plugin(tmp_path / "plugin", "return self.get_dataset()['version']")
    request = RunRequest(
        plugin=PluginDiscovery.from_path(folder),
        action="train",
        params={"dataset": 1},
        open_workspace=lambda: workspace,
    )

    planned = plan(request)
    other = write_files(tmp_path / "other", {"a.txt": "a", "b.txt": "b"})
    workspace.datasets.register(other, name="letters")
    finished = submit(planned, [])

    assert finished.result == 1
    assert submit(plan(request), []).result == 2


def test_the_configs_env_reaches_the_action_below_the_processs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = write_plugin(
        tmp_path,
        "return [self.ctx.env.get(name) for name in ('FROM_CONFIG', 'FROM_BOTH', 'FROM_ALL')]",
        config="env: {FROM_CONFIG: 1, FROM_BOTH: config, FROM_ALL: config}\n",
    )
    monkeypatch.setenv("FROM_BOTH", "process")
    monkeypatch.setenv("FROM_ALL", "process")

    found = run_plugin(folder, "train", env={"FROM_ALL": "explicit"}, sinks=[])

    assert found == ["1", "process", "explicit"]
    assert "FROM_CONFIG" not in os.environ


def test_run_plugin_tells_its_story_on_stderr(tmp_path: Path):
    write_plugin_folder(tmp_path / "a", body="self.log_message('hello')")

    finished = run_python(
        "from synapse_sdk.plugins import run_plugin; print(run_plugin('a', 'train'))", tmp_path
    )

    assert (finished.stdout, finished.stderr) == ("a\n", "  hello\n")


def test_an_action_that_is_spawned_into_another_process_takes_its_context_along(tmp_path: Path):
    write_plugin_folder(
        tmp_path / "a",
        imports="import multiprocessing\n\ndef work(ctx):\n    ctx.log_message('from the child')\n"
        "    ctx.set_metrics({'x': ctx.env['PATH'] and ctx.seed and 1}, 's')\n",
        body="""
        process = multiprocessing.get_context("spawn").Process(target=work, args=(self.ctx,))
        process.start()
        process.join()
""".strip(),
        result="process.exitcode",
    )

    printed = say(
        "from synapse_sdk.plugins import run_plugin; print(run_plugin('./a', 'train', sinks=[]))", tmp_path
    )

    assert printed == ["0"]
    children = [event for event in iter_events(get_run(tmp_path / "a", 1)) if event.producer != "worker"]
    assert [(event.kind, event.seq) for event in children] == [("message", 1), ("metric", 2)]

"""`synapse plugin test`: the plugin's own tests, with this interpreter, away from the user's own things."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from tests.cli_process import Finished, Synapse
from tests.conftest import WritePlugin

CONFIG = """
    name: Tested
    code: tested
    version: 0.1.0
    category: custom
    env: {GREETING: hello from config}
    actions:
      main:
        entrypoint: plugin.main:Main
"""
MAIN = """
    from synapse_sdk.plugins import BaseAction


    class Main(BaseAction):
        def execute(self):
            return 42
"""


@pytest.fixture
def run_these(synapse: Synapse, write_plugin: WritePlugin):
    """Run a plugin whose tests/test_it.py is the given text; without settings for pytest of any kind."""

    def run(test: str, *arguments: str, env: dict[str, str] | None = None) -> Finished:
        plugin = write_plugin(CONFIG, {"plugin/main.py": MAIN, "tests/test_it.py": test})
        return synapse("plugin", "test", *arguments, cwd=plugin, env=env)

    return run


def test_the_package_is_importable_as_the_guide_writes_it(run_these):
    tested = run_these("""
        from plugin.main import Main
        from synapse_sdk.plugins.executors.local import LocalExecutor

        def test_it():
            assert LocalExecutor().execute(Main) == 42
    """)

    assert tested.returncode == 0, tested
    assert "1 passed" in tested.stdout
    assert "synapse plugin publish --dry-run" in tested.stderr


def test_a_test_that_fails_is_exit_code_1_and_shown_as_pytest_shows_it(run_these):
    tested = run_these("def test_it():\n    assert 1 + 1 == 3\n")

    assert tested.returncode == 1, tested
    assert "E       assert (1 + 1) == 3" in tested.stdout


def test_json_is_one_document_with_counts_and_what_failed(run_these):
    tested = run_these(
        """
        import pytest

        print("noise on stdout")

        def test_good(): pass
        def test_bad(): assert 1 == 2
        def test_left(): pytest.skip("not today")
        @pytest.mark.xfail
        def test_expected(): assert 0
        @pytest.fixture
        def broken(): raise ValueError("a broken fixture")
        def test_error(broken): pass
        """,
        "--json",
    )

    document = tested.json()
    assert tested.returncode == 1
    assert document["ok"] is False
    counts = ("passed", "failed", "errors", "skipped", "expected_failures")
    assert [document[key] for key in counts] == [1, 1, 1, 1, 1]
    assert {item["test"]: item["message"] for item in document["failures"]} == {
        "tests/test_it.py::test_bad": "assert 1 == 2",
        "tests/test_it.py::test_error": "ValueError: a broken fixture",
    }
    assert "1 failed, 1 passed" in tested.stderr


def test_tests_that_can_not_be_imported_are_a_failure_not_a_misuse(run_these):
    tested = run_these("import nothing_of_that_name\n", "--json")

    assert tested.returncode == 1, tested
    assert tested.json()["errors"] == 1
    assert "nothing_of_that_name" in tested.stderr


def test_what_follows_two_dashes_goes_to_pytest(run_these):
    tested = run_these(
        "def test_one(): pass\ndef test_two(): assert 0\n", "--json", "--", "-k", "one", "-p", "no:randomly"
    )

    assert tested.returncode == 0, tested
    assert (tested.json()["passed"], tested.json()["deselected"]) == (1, 1)


def test_an_option_that_pytest_does_not_know_is_a_misuse(run_these):
    tested = run_these("def test_one(): pass\n", "--", "--no-such-option")

    assert tested.returncode == 2, tested
    assert "--no-such-option" in tested.stderr


LOOK_AROUND = """
    import os
    from synapse_sdk.settings import load_settings
    from synapse_sdk.workspace import LocalWorkspace

    def test_it(capsys):
        models = LocalWorkspace(load_settings().local_workspace_dir).models.list_models()
        with capsys.disabled():
            print(f"models {len(models)} language {load_settings().language} {os.environ['GREETING']}")
"""


@pytest.fixture
def own_model(synapse: Synapse, tmp_path: Path) -> None:
    """A model in the user's own workspace."""
    from synapse_sdk.workspace import LocalWorkspace

    (tmp_path / "best.pt").write_text("weights")
    workspace = LocalWorkspace(synapse.home / ".synapse/data/workspaces/local")
    workspace.create_model(tmp_path / "best.pt", name="mine")


def test_the_users_models_and_settings_are_out_of_reach(run_these, own_model: None):
    tested = run_these(LOOK_AROUND, env={"SYNAPSE_LANGUAGE": "ko"})

    assert tested.returncode == 0, tested
    assert "models 0 language en hello from config" in tested.stdout


def test_unless_they_are_asked_for(run_these, own_model: None):
    tested = run_these(LOOK_AROUND, "--own-workspace", env={"SYNAPSE_LANGUAGE": "ko", "GREETING": "mine"})

    assert tested.returncode == 0, tested
    assert "models 1 language ko mine" in tested.stdout


def test_it_runs_from_elsewhere_and_leaves_nothing_that_would_be_published(
    synapse: Synapse, write_plugin: WritePlugin
):
    plugin = write_plugin(
        CONFIG,
        {"plugin/main.py": MAIN, "tests/test_it.py": "from plugin.main import Main\ndef test_it(): pass\n"},
    )
    before = synapse("plugin", "publish", "--dry-run", "--json", "--path", plugin).json()

    tested = synapse("plugin", "test", "--path", plugin)

    assert tested.returncode == 0, tested
    assert list(synapse.cwd.iterdir()) == []
    after = synapse("plugin", "publish", "--dry-run", "--json", "--path", plugin).json()
    assert after["files"] == before["files"]
    assert after["contents_digest"] == before["contents_digest"]


def test_a_plugin_without_tests_is_told_how_to_get_some(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(CONFIG, {"plugin/main.py": MAIN})

    tested = synapse("plugin", "test", cwd=plugin)

    assert tested.returncode == 2, tested
    assert f"{plugin} has no folder tests/" in tested.stderr
    assert "mkdir tests" in tested.stderr


@pytest.mark.parametrize("arguments", [(), ("--", "tests")])
def test_a_tests_folder_without_tests_is_nothing_to_run(run_these, arguments: tuple[str, ...]):
    tested = run_these("def helper(): pass\n", *arguments)

    assert tested.returncode == 2, tested
    assert "found no tests" in tested.stderr


def test_tests_may_lie_where_the_plugins_own_settings_say(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(
        CONFIG,
        {
            "plugin/main.py": MAIN,
            "checks/test_it.py": "def test_it(): pass\n",
            "pytest.ini": "[pytest]\ntestpaths = checks\n",
        },
    )

    assert synapse("plugin", "test", "--json", cwd=plugin).json()["passed"] == 1


def test_without_pytest_the_command_that_brings_it_is_named(run_these, tmp_path: Path):
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    # As Python says it where there is none.
    (shadow / "pytest.py").write_text(
        'raise ModuleNotFoundError("No module named \'pytest\'", name="pytest")'
    )

    tested = run_these("def test_it(): pass\n", env={"PYTHONPATH": str(shadow)})

    assert tested.returncode == 2, tested
    assert "pytest is needed to run a plugin's tests, and is not installed" in tested.stderr
    assert "-m pip install pytest" in tested.stderr


def test_no_plugin_is_said_as_everywhere(synapse: Synapse):
    tested = synapse("plugin", "test")

    assert tested.returncode == 2
    assert tested.stderr.startswith("error: Config file not found")


def test_an_interruption_ends_the_tests_too(synapse: Synapse, write_plugin: WritePlugin, tmp_path: Path):
    started = tmp_path / "started"
    waiting = f"""
        import os, pathlib, time

        def test_it():
            pathlib.Path({str(started)!r}).write_text(str(os.getpid()))
            time.sleep(60)
    """
    os.mkfifo(started)
    plugin = write_plugin(CONFIG, {"plugin/main.py": MAIN, "tests/test_it.py": waiting})

    process = synapse.start("plugin", "test", cwd=plugin)
    pid = int(started.read_text())  # a pipe: reading waits until the test has begun
    os.killpg(process.pid, signal.SIGINT)
    _stdout, stderr = process.communicate(timeout=30)

    assert process.returncode == 130, stderr
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)

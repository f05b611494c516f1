"""Code that was edited after this process imported it, through real processes."""

from pathlib import Path

from tests.cli_process import Synapse
from tests.conftest import WritePlugin
from tests.plugins.scripts import run_python

CONFIG = """\
name: Demo
code: demo
version: 0.1.0
category: custom
actions:
  train:
    entrypoint: plugin.train:Train
"""
SOURCE = """\
from synapse_sdk.plugins import BaseAction


class Train(BaseAction):
    def execute(self):
        return "old"
"""


def test_edited_code_is_refused_instead_of_running_what_it_was(write_plugin: WritePlugin, tmp_path: Path):
    folder = write_plugin(CONFIG, {"plugin/train.py": SOURCE})
    script = f"""
from pathlib import Path
from synapse_sdk.plugins import run_plugin
folder = Path({str(folder)!r})
print(run_plugin(folder, "train", sinks=[]), run_plugin(folder, "train", sinks=[]))
file = folder / "plugin/train.py"
file.write_text(file.read_text().replace("old", "new code"))
try:
    print(run_plugin(folder, "train", sinks=[]))
except Exception as error:
    print(type(error).__name__, error)
"""

    finished = run_python(script, tmp_path)

    assert "old old" in str(finished)
    assert f"StaleModuleError {folder}/plugin/train.py has changed since this process imported it." in str(
        finished
    )


def test_a_type_that_only_a_broken_import_would_tell_is_said_with_its_place(
    synapse: Synapse, write_plugin: WritePlugin
):
    source = SOURCE.replace("class Train(BaseAction):", "class Train(BaseAction):\n    input_type = make()")
    folder = write_plugin(CONFIG, {"plugin/train.py": source})

    answer = synapse("plugin", "update-config", cwd=folder)

    assert answer.returncode == 2, answer
    assert "plugin/train.py:4: input_type of Train can only be told by importing it" in answer.stderr
    assert "name 'make' is not defined" in answer.stderr
    assert "Traceback" not in answer.stderr

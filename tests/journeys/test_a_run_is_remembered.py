"""Whatever was run can be looked up later, also when it was killed, and also while it is going on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli_process import Synapse
from tests.conftest import WritePlugin
from tests.journeys.small_plugins import DEMO_CONFIG, TRAIN, WAIT, action_source
from tests.journeys.watching import wait_for_output


@pytest.fixture
def plugin(write_plugin: WritePlugin) -> Path:
    return write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})


def test_a_run_tells_its_story_on_stderr_and_its_result_on_stdout(synapse: Synapse, plugin: Path):
    answer = synapse("plugin", "run", "train", "--set", "epochs=4", cwd=plugin)

    assert answer.returncode == 0, answer
    assert answer.stdout == "final_loss  0.25\nmodel_path  models/best.pt\n"
    story = answer.stderr.splitlines()
    assert story[0] == "demo 0.1.0 · train · local"
    assert any(line.split() == ["train", "100%", "epoch", "4", "loss", "0.250"] for line in story), answer
    assert "  all epochs done" in story
    assert story[-2].startswith("Succeeded in ")
    assert story[-2].endswith("(run 1)")


def test_a_secret_in_a_result_is_neither_shown_nor_recorded(synapse: Synapse, plugin: Path):
    before = "from pydantic import SecretStr\nclass Key(BaseModel):\n    key: SecretStr\n"
    body = "secret = SecretStr('hush-8f1c')\nreturn {'plain': secret, 'inside': [Key(key=secret)]}"
    (plugin / "plugin/train.py").write_text(action_source(body, before=before))

    answers = [synapse("plugin", "run", "train", *more, cwd=plugin) for more in ([], ["--json"])]

    assert answers[1].json()["result"] == {"plain": "**********", "inside": [{"key": "**********"}]}
    records = [file.read_text() for file in (plugin / ".synapse/runs").rglob("*") if file.is_file()]
    assert any("**********" in text for text in records)
    assert not any("hush" in text for text in [*records, *(str(answer) for answer in answers)])


def test_runs_are_listed_newest_first_with_how_they_ended(synapse: Synapse, plugin: Path):
    synapse("plugin", "run", "train", cwd=plugin)
    (plugin / "plugin/train.py").write_text(action_source("raise ValueError('no\\nway')"))
    synapse("plugin", "run", "train", cwd=plugin)

    table = synapse("run", "list", cwd=plugin)
    document = synapse("run", "list", "--json", cwd=plugin).json()["runs"]

    rows = table.stdout.splitlines()
    assert rows[0].split() == ["run", "action", "state", "started", "took", "reason"]
    assert rows[1].split()[:3] == ["2", "train", "FAILED"]
    assert "ValueError: no" in rows[1]
    assert rows[2].split()[:3] == ["1", "train", "SUCCEEDED"]
    assert len(rows) == 3
    assert "synapse run show 2" in table.stderr
    assert [(run["run"], run["state"]) for run in document] == [(2, "FAILED"), (1, "SUCCEEDED")]


def test_a_run_can_be_looked_at_from_anywhere(synapse: Synapse, plugin: Path):
    synapse("plugin", "run", "train", "--path", plugin, "--set", "epochs=2", "--cpus", "1")

    shown = synapse("run", "show", "1", "--path", plugin)
    document = synapse("run", "show", "1", "--path", plugin, "--json").json()

    assert "SUCCEEDED" in shown.stdout
    assert '"epochs": 2' in shown.stdout
    assert '"final_loss": 0.5' in shown.stdout
    assert str(plugin / ".synapse/runs/1/events.jsonl") in shown.stdout
    envelope = document["envelope"]
    assert envelope["params"]["epochs"] == 2
    assert envelope["resources"]["cpus"] == 1
    assert envelope["plugin"]["code"] == "demo"
    assert envelope["plugin"]["folder_digest"].startswith("sha256:")
    assert isinstance(envelope["seed"], int)
    assert document["outcome"]["result"] == {"final_loss": 0.5, "model_path": "models/best.pt"}
    assert document["outcome"]["event_count"] == len(
        (plugin / ".synapse/runs/1/events.jsonl").read_text().splitlines()
    )


def test_the_code_digest_changes_with_the_code_and_only_with_it(synapse: Synapse, plugin: Path):
    for _ in range(2):
        synapse("plugin", "run", "train", cwd=plugin)
    with (plugin / "plugin/train.py").open("a") as source:
        source.write("# another line\n")
    synapse("plugin", "run", "train", cwd=plugin)

    digests = [
        synapse("run", "show", str(number), "--json", cwd=plugin).json()["envelope"]["plugin"][
            "folder_digest"
        ]
        for number in (1, 2, 3)
    ]

    assert digests[0] == digests[1] != digests[2]


def test_metrics_come_back_as_numbers_and_as_a_picture(synapse: Synapse, plugin: Path):
    synapse("plugin", "run", "train", "--set", "epochs=4", cwd=plugin)

    series = synapse("run", "metrics", "1", "--json", cwd=plugin).json()["series"]
    drawn = synapse("run", "metrics", "1", cwd=plugin)

    assert series == [
        {
            "step": "train",
            "key": "loss",
            "producer": "worker",
            "x_axis": "epoch",
            "x": [1, 2, 3, 4],
            "y": [1, 1 / 2, 1 / 3, 1 / 4],
        }
    ]
    title = drawn.stdout.splitlines()[0]
    assert title.split() == [
        *("train", "·", "loss", "first", "1", "last", "0.250"),
        *("min", "0.250", "max", "1", "(4", "points)"),
    ]
    assert any("⠀" < char <= "⣿" for char in drawn.stdout), "a curve is drawn in braille"
    assert all(len(line) <= 80 for line in drawn.stdout.splitlines())


def test_a_metric_that_the_run_has_not_is_told_with_the_nearest(synapse: Synapse, plugin: Path):
    synapse("plugin", "run", "train", cwd=plugin)

    answer = synapse("run", "metrics", "1", "-k", "los", cwd=plugin)

    assert answer.returncode == 2, answer
    assert answer.stderr == (
        "error: This run has no metric 'los'; it has epoch, loss.\nhint:  Did you mean 'loss'?\n"
    )


def test_a_run_without_metrics_says_so(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": action_source("return 1")})
    synapse("plugin", "run", "train", cwd=plugin)

    assert synapse("run", "metrics", "1", "--json", cwd=plugin).json()["series"] == []
    assert "no metrics" in synapse("run", "metrics", "1", cwd=plugin).stderr


def test_a_run_that_is_going_on_shows_as_running_and_one_that_was_killed_as_lost(
    synapse: Synapse, write_plugin: WritePlugin
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": WAIT})
    process = synapse.start("plugin", "run", "train", cwd=plugin)
    wait_for_output(process, "begun")

    alive = synapse("run", "list", "--json", cwd=plugin).json()["runs"]
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    dead = synapse("run", "list", "--json", cwd=plugin).json()["runs"]
    shown = synapse("run", "show", "1", cwd=plugin)

    assert [(run["state"], run["reason"]) for run in alive] == [("RUNNING", None)]
    assert [run["state"] for run in dead] == ["FAILED"]
    assert dead[0]["reason"].startswith("lost")
    assert "FAILED: lost" in shown.stdout
    assert shown.returncode == 0


def test_metrics_of_a_run_that_was_killed_are_all_there_that_it_wrote(
    synapse: Synapse, write_plugin: WritePlugin
):
    source = action_source("""
        for epoch in range(5):
            self.set_metrics({"epoch": epoch + 1, "loss": 1 / (epoch + 1)}, step="train")
        self.ctx.logger.flush()
        print("begun", flush=True)
        while True:  # a signal that comes just before a sleep is seen after it
            time.sleep(0.2)
    """)
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})
    process = synapse.start("plugin", "run", "train", cwd=plugin)
    wait_for_output(process, "begun")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    with (plugin / ".synapse/runs/1/events.jsonl").open("ab") as events:
        events.write(b'{"schema_version":1,"job":')  # a line that the kill cut short

    series = synapse("run", "metrics", "1", "--json", cwd=plugin).json()["series"]

    assert series[0]["x"] == [1, 2, 3, 4, 5]


def test_runs_that_begin_together_get_numbers_of_their_own(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})

    processes = [synapse.start("plugin", "run", "train", "--json", cwd=plugin) for _ in range(6)]
    answers = [process.communicate(timeout=60) for process in processes]

    assert [process.returncode for process in processes] == [0] * 6, answers
    assert sorted(json.loads(stdout)["run"] for stdout, _ in answers) == [1, 2, 3, 4, 5, 6]
    runs = synapse("run", "list", "--json", cwd=plugin).json()["runs"]
    assert [run["run"] for run in runs] == [6, 5, 4, 3, 2, 1]
    assert len({run["job"] for run in runs}) == 6


def test_a_long_list_is_counted_and_all_shows_the_rest(synapse: Synapse, plugin: Path):
    synapse("plugin", "run", "train", cwd=plugin)
    runs = plugin / ".synapse/runs"
    for number in range(2, 26):
        subprocess.run(["cp", "-r", runs / "1", runs / str(number)], check=True)

    some = synapse("run", "list", cwd=plugin)
    all_of_them = synapse("run", "list", "--all", cwd=plugin)

    assert len(some.stdout.splitlines()) == 1 + 20
    assert "5 older" in some.stderr
    assert "synapse run list --all" in some.stderr
    assert len(all_of_them.stdout.splitlines()) == 1 + 25


def test_records_are_no_source_and_do_not_show_in_git(synapse: Synapse, plugin: Path):
    git = ["git", "-C", str(plugin), "-c", "init.defaultBranch=main"]
    subprocess.run([*git, "init", "-q"], check=True, env=synapse.env())
    synapse("plugin", "run", "train", cwd=plugin)

    status = subprocess.run(
        [*git, "status", "--short", "-uall"], check=True, env=synapse.env(), capture_output=True, text=True
    )

    assert ".synapse" not in status.stdout
    assert "config.yaml" in status.stdout


def test_a_run_that_is_not_there_is_told_with_the_latest(synapse: Synapse, plugin: Path):
    nothing = synapse("run", "show", "1", cwd=plugin)
    synapse("plugin", "run", "train", cwd=plugin)
    other = synapse("run", "show", "7", cwd=plugin)

    assert (nothing.returncode, other.returncode) == (2, 2)
    assert "There is no run 1" in nothing.stderr
    assert "Nothing was run here yet" in nothing.stderr
    assert "There is no run 7" in other.stderr
    assert "The latest are 1" in other.stderr


@pytest.mark.parametrize("file", ["envelope.json", "outcome.json"])
def test_a_damaged_record_is_told_with_its_file_and_hides_no_other_run(
    synapse: Synapse, plugin: Path, file: str
):
    synapse("plugin", "run", "train", cwd=plugin)
    synapse("plugin", "run", "train", cwd=plugin)
    damaged = plugin / ".synapse/runs/1" / file
    damaged.write_text("{")

    shown = synapse("run", "show", "1", cwd=plugin)
    other = synapse("run", "show", "2", cwd=plugin)
    listed = synapse("run", "list", cwd=plugin)

    assert shown.returncode == 2, shown
    assert f"{damaged} is damaged" in shown.stderr
    assert "Traceback" not in shown.stderr
    assert other.returncode == 0, other
    assert "2  train   SUCCEEDED" in listed.stdout, listed


def test_a_rehearsal_says_so_when_it_ends_and_ever_after(synapse: Synapse, write_plugin: WritePlugin):
    body = """
        path = self.get_dataset()["path"]
        return {"there": __import__("os").path.isdir(path), "model": self.create_model("x.pt")["name"]}
    """
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": action_source(body)})

    rehearsed = synapse("plugin", "run", "train", "--set", "dataset=123", "--rehearse", cwd=plugin)
    in_earnest = synapse("plugin", "run", "train", "--set", "dataset=123", cwd=plugin)

    assert rehearsed.returncode == 0, rehearsed
    assert rehearsed.stdout == "there  true\nmodel  x\n"
    assert "warning: Rehearsal: dataset 123 is not there; an empty one was made up." in rehearsed.stderr
    assert "This was a rehearsal: 2 answers had to be made up, and no model was kept." in rehearsed.stderr
    assert in_earnest.returncode == 1
    assert "There is no dataset 123" in in_earnest.stderr
    assert "SUCCEEDED (rehearsed)" in synapse("run", "list", cwd=plugin).stdout
    runs = synapse("run", "list", "--json", cwd=plugin).json()["runs"]
    assert [run["rehearsed"] for run in runs] == [False, True]
    assert synapse("model", "list", "--json").json()["models"] == []


def test_a_folder_is_registered_and_handed_to_the_action(
    synapse: Synapse, write_plugin: WritePlugin, tmp_path: Path
):
    body = 'return {"dataset": self.params.dataset, "files": self.get_dataset()["splits"]["train"]["count"]}'
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": action_source(body)})
    letters = tmp_path / "letters"
    (letters / "train").mkdir(parents=True)
    (letters / "train/a.txt").write_text("a")
    (letters / ".hidden").write_text("x")

    ran = synapse("plugin", "run", "train", "--dataset-path", str(letters), cwd=plugin)
    again = synapse("plugin", "run", "train", "--dataset-path", str(letters), cwd=plugin)

    assert ran.returncode == 0, ran
    assert ran.stdout == again.stdout == "dataset  1\nfiles    1\n"
    assert f"{letters} is dataset 1 (letters), version 1" in again.stderr
    assert ".hidden" in ran.stderr


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (["--set", "dataset=3"], "The dataset is given twice"),
        (["--rehearse"], "a rehearsal keeps nothing"),
        (["--mode", "remote"], "is not on the server"),
        (["--dataset-path", "nowhere"], "nowhere"),
    ],
)
def test_a_folder_that_can_not_be_handed_over_is_refused(
    synapse: Synapse, plugin: Path, tmp_path: Path, more: list[str], problem: str
):
    (tmp_path / "letters/train").mkdir(parents=True)
    (tmp_path / "letters/train/a.txt").write_text("a")

    refused = synapse(
        "plugin", "run", "train", "--dataset-path", str(tmp_path / "letters"), *more, cwd=plugin
    )

    assert refused.returncode == 2, refused
    assert problem in refused.stderr


def test_an_action_that_takes_no_dataset_says_so(synapse: Synapse, write_plugin: WritePlugin, tmp_path: Path):
    source = """
        from pydantic import BaseModel
        from synapse_sdk.plugins import BaseAction

        class Params(BaseModel):
            epochs: int = 1

        class Action(BaseAction[Params]):
            def execute(self):
                return {}
    """
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/a.txt").write_text("a")

    refused = synapse("plugin", "run", "train", "--dataset-path", str(tmp_path / "letters"), cwd=plugin)

    assert refused.returncode == 2, refused
    assert "its params have neither dataset nor dataset_id" in refused.stderr


def test_a_run_elsewhere_is_never_a_rehearsal(synapse: Synapse, plugin: Path):
    refused = synapse("plugin", "run", "train", "--mode", "remote", "--rehearse", cwd=plugin)

    assert refused.returncode == 2
    assert "--rehearse: a remote run is never rehearsed" in refused.stderr

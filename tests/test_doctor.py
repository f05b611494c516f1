"""The doctor: every finding comes with a command, and after the command the finding is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from synapse_sdk.doctor import Finding, Report, examine
from tests.plugins.scripts import run_python

CONFIG = "name: A\ncode: a\nversion: 0.1.0\ncategory: custom\nactions: {}\n"


class Patient:
    """A home and a plugin folder of its own, and the shell that the doctor's commands are pasted into."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "a home"
        self.plugin = folder / "a plugin"
        self.home.mkdir()
        self.plugin.mkdir()
        self.environ = {"SYNAPSE_HOME": str(self.home), "PATH": os.environ["PATH"], "HOME": str(folder)}

    def examine(self) -> Report:
        return examine(self.environ, folder=self.plugin)

    def find(self, topic: str) -> Finding:
        return next(finding for finding in self.examine().findings if finding.topic == topic)

    def paste(self, command: str) -> None:
        """Run a command in a shell, and keep what it did to the environment, as a terminal does."""
        script = f"{command}\n{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
        finished = subprocess.run(
            ["sh", "-c", script],
            env=self.environ,
            cwd=self.plugin,
            capture_output=True,
            text=True,
            check=True,
        )
        self.environ = json.loads(finished.stdout.splitlines()[-1])


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(tmp_path)


def test_a_healthy_machine_has_nothing_to_mend(patient: Patient):
    report = patient.examine()

    assert report.is_healthy
    assert [finding.topic for finding in report.findings] == [
        "sdk",
        "config file",
        "data folder",
        "machine",
        "pytest",
        "server",
    ]
    assert {finding.mend for finding in report.findings} == {None}
    names = [item.name for item in report.settings]
    assert names == ["home", "data_dir", "language", "host", "access_token", "tenant"]


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ({"host": "http://127.0.0.1:9"}, "there is no token for it"),
        ({"access_token": "hush"}, "its address is missing"),
        ({"host": "http://127.0.0.1:9", "access_token": "hush"}, "http://127.0.0.1:9 can not be reached"),
        ({"host": "nowhere", "access_token": "hush"}, "'nowhere' is no address"),
    ],
)
def test_a_login_that_does_not_work_is_told_without_its_token(patient: Patient, login, words):
    file = patient.home / "config.json"
    file.write_text(json.dumps(login))
    file.chmod(0o600)

    finding = patient.find("server")

    assert finding.severity == "error"
    assert words in finding.text
    assert finding.mend is not None
    assert finding.mend.startswith("synapse ")
    assert "hush" not in repr(patient.examine())


def write_secret(patient: Patient) -> None:
    file = patient.home / "config.json"
    file.write_text('{"github": {"token": "hush"}}')
    file.chmod(0o644)


def write_broken(patient: Patient) -> None:
    (patient.home / "config.json").write_text("{")


def write_list(patient: Patient) -> None:
    (patient.home / "config.json").write_text("[]")


def write_folder(patient: Patient) -> None:
    (patient.home / "config.json").mkdir()


def write_language(patient: Patient) -> None:
    (patient.home / "config.json").write_text('{"language": "xx"}')


def write_number(patient: Patient) -> None:
    (patient.home / "config.json").write_text('{"data_dir": 5}')


def set_language(patient: Patient) -> None:
    patient.environ["SYNAPSE_LANGUAGE"] = "xx"


def set_home(patient: Patient) -> None:
    patient.environ["SYNAPSE_HOME"] = "~nobody-of-that-name/x"


def set_data_dir(patient: Patient) -> None:
    (patient.home / "file").write_text("")
    patient.environ["SYNAPSE_DATA_DIR"] = str(patient.home / "file/data")


@pytest.mark.parametrize(
    ("make_ill", "topic", "words"),
    [
        (write_secret, "config file", "holds credentials, and others on this machine may read it (mode 644)"),
        (write_broken, "settings", "can not be read as JSON"),
        (write_list, "settings", "holds a list"),
        (write_folder, "settings", "can not be read"),
        (write_language, "settings", "language is 'xx' (file"),
        (write_number, "settings", "data_dir is 5"),
        (set_language, "settings", "language is 'xx' (environment"),
        (set_home, "settings", "SYNAPSE_HOME is '~nobody-of-that-name/x'"),
        (set_data_dir, "data folder", "can not be written"),
    ],
)
def test_after_the_printed_command_the_finding_is_gone(
    patient: Patient, make_ill: Callable[[Patient], None], topic: str, words: str
):
    make_ill(patient)
    finding = patient.find(topic)
    assert finding.severity == "error"
    assert words in finding.text
    assert not patient.examine().is_healthy
    assert finding.mend is not None

    patient.paste(finding.mend)

    assert patient.examine().is_healthy


def test_credentials_that_nobody_else_may_read_are_fine_and_not_shown(patient: Patient):
    write_secret(patient)
    (patient.home / "config.json").chmod(0o600)

    finding = patient.find("config file")

    assert finding.severity == "ok"
    assert finding.text == f"{patient.home}/config.json holds github"
    assert "hush" not in str(patient.examine())


def test_a_file_without_credentials_may_be_read_by_others(patient: Patient):
    (patient.home / "config.json").write_text('{"language": "ko"}')

    assert patient.find("config file").severity == "ok"


@pytest.mark.parametrize(("text", "words"), [(None, "does not exist"), ("{}", "is empty")])
def test_no_settings_are_fine(patient: Patient, text: str | None, words: str):
    if text is not None:
        (patient.home / "config.json").write_text(text)

    assert patient.find("config file").text == f"{patient.home}/config.json {words}; defaults are used"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_is_not_ours_is_told(patient: Patient):
    closed = patient.home / "closed"
    closed.mkdir(mode=0o500)
    patient.environ["SYNAPSE_DATA_DIR"] = str(closed / "data")
    finding = patient.find("data folder")
    assert "is not yours" in finding.text
    assert finding.mend is not None

    patient.paste(finding.mend)

    assert patient.find("data folder").severity == "ok"


def test_a_missing_pytest_is_a_warning_with_the_command_that_brings_it(tmp_path: Path):
    # -S and a bare path: the SDK's own source and what it needs, but no pytest.
    import pydantic

    packages = Path(pydantic.__file__).parents[1]
    only = tmp_path / "packages"
    only.mkdir()
    for entry in packages.iterdir():
        if "pytest" not in entry.name:
            (only / entry.name).symlink_to(entry)
    source = Path(__file__).parents[1] / "src"

    finished = run_python(
        f"""
        import sys
        sys.path[:] = [p for p in sys.path if "site-packages" not in p] + [{str(only)!r}, {str(source)!r}]
        from synapse_sdk.doctor import examine
        finding = next(f for f in examine().findings if f.topic == "pytest")
        print(finding.severity, finding.mend)
        """,
        tmp_path,
    )

    assert finished.stdout == f"warning {sys.executable} -m pip install pytest pytest-mock\n", finished


# The plugin in the current folder


def test_a_good_plugin_is_named(patient: Patient):
    (patient.plugin / "config.yaml").write_text(CONFIG)

    finding = patient.find("plugin")

    assert (finding.severity, finding.text, finding.mend) == ("ok", f"a 0.1.0 in {patient.plugin}", None)


@pytest.mark.parametrize(
    ("config", "severity", "line"),
    [
        (CONFIG.replace("0.1.0", "0.1"), "error", 3),
        (CONFIG.replace("custom", "costum"), "error", 4),
        ("name: [\n", "error", 2),
        (CONFIG + "zzz: 1\n", "warning", 6),
    ],
)
def test_a_plugins_problem_opens_the_editor_at_its_line(
    patient: Patient, config: str, severity: str, line: int
):
    (patient.plugin / "config.yaml").write_text(config)
    editor = patient.home / "editor"
    editor.write_text(f'#!/bin/sh\nsed -i "${{1#+}}d" "$2"\nprintf "%s" "$*" > "{patient.home}/opened"\n')
    editor.chmod(0o755)
    patient.environ["EDITOR"] = f'"{editor}"'
    finding = next(item for item in patient.examine().findings if item.severity == severity)
    assert finding.mend is not None

    subprocess.run(["sh", "-c", finding.mend.replace("${EDITOR:-vi}", f'"{editor}"')], check=True)

    assert (patient.home / "opened").read_text() == f"+{line} {patient.plugin}/config.yaml"
    if severity == "warning":
        assert [item.severity for item in patient.examine().findings if item.topic == "plugin"] == ["ok"]

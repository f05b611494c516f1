"""The one place where an error becomes an exit code and a sentence."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import click
import pytest

from synapse_sdk._internal.errors import NotReachableError, SynapseError
from synapse_sdk.cli import rim
from synapse_sdk.cli.rim import ExitCode, exit_code_of
from synapse_sdk.plugins.errors import (
    ActionNotFoundError,
    ConfigError,
    ConfigNotFoundError,
    ExecutionError,
    ParamsError,
    PluginRunError,
    ValidationError,
)
from synapse_sdk.plugins.run_plan import ModuleImportError

Stage = Callable[[BaseException], int]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Run a command line whose command raises, with the real rim around it."""

    def run(error: BaseException) -> int:
        @click.command()
        @click.option("--json", "as_json", is_flag=True)
        def fail(as_json: bool) -> None:
            raise error

        monkeypatch.setattr(rim, "build_cli", lambda: fail)
        return rim.run(["--json"])

    return run


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SynapseError("x"), ExitCode.ASKED_WRONGLY),
        (ConfigNotFoundError("x"), ExitCode.ASKED_WRONGLY),
        (ConfigError("x"), ExitCode.ASKED_WRONGLY),
        (ActionNotFoundError("x"), ExitCode.ASKED_WRONGLY),
        (ValidationError("x"), ExitCode.ASKED_WRONGLY),
        (ParamsError("x"), ExitCode.ASKED_WRONGLY),
        (PluginRunError("x"), ExitCode.ASKED_WRONGLY),
        (ModuleImportError("x"), ExitCode.FAILED),
        (ExecutionError("x"), ExitCode.FAILED),
        (NotReachableError("x"), ExitCode.NOT_REACHED),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: SynapseError, code: ExitCode):
    assert exit_code_of(error) == code


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EACCES, ExitCode.NOT_REACHED),
        (errno.EROFS, ExitCode.NOT_REACHED),
        (errno.ENOSPC, ExitCode.FAILED),
        (errno.EFBIG, ExitCode.FAILED),
        (errno.ENAMETOOLONG, ExitCode.ASKED_WRONGLY),
        (errno.ENOENT, ExitCode.ASKED_WRONGLY),
    ],
)
def test_an_error_that_the_machine_caused_has_the_machine_s_exit_code(number: int, code: ExitCode):
    error = SynapseError("The run can not be recorded.")
    error.__cause__ = OSError(number, os.strerror(number))

    assert exit_code_of(error) == code


def test_a_module_that_may_not_open_a_file_has_failed_like_any_other():
    error = ModuleImportError("plugin.train:Action can not be imported")
    error.__cause__ = PermissionError(errno.EACCES, "Permission denied")

    assert exit_code_of(error) == ExitCode.FAILED


def test_what_the_machine_refuses_is_a_sentence_with_the_path(
    stage: Stage, capsys: pytest.CaptureFixture[str]
):
    code = stage(PermissionError(errno.EACCES, "Permission denied", "/data/models"))

    said = capsys.readouterr()
    assert code == ExitCode.NOT_REACHED
    assert said.err == "error: /data/models: Permission denied.\n"
    assert said.out == (
        '{"error": {"type": "PermissionError", "message": "/data/models: Permission denied.", '
        '"details": {"path": "/data/models"}, "hint": null}}\n'
    )


@pytest.mark.parametrize(
    "error", [ValueError("ours"), KeyError("ours"), FileNotFoundError(errno.ENOENT, "No such file", "ours")]
)
def test_a_mistake_of_ours_keeps_its_traceback(stage: Stage, error: Exception):
    with pytest.raises(type(error), match="ours"):
        stage(error)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_a_word_and_130(
    stage: Stage, capsys: pytest.CaptureFixture[str], error: BaseException
):
    code = stage(error)

    said = capsys.readouterr()
    assert code == ExitCode.INTERRUPTED
    assert said.err.strip() == "Interrupted"
    assert '"type": "Interrupted"' in said.out


def test_an_expected_error_is_its_sentence_its_hint_and_the_same_as_a_document(
    stage: Stage, capsys: pytest.CaptureFixture[str]
):
    code = stage(SynapseError("There is no run 7.", {"number": 7}, hint="The latest are 1."))

    said = capsys.readouterr()
    assert code == ExitCode.ASKED_WRONGLY
    assert said.err == "error: There is no run 7.\nhint:  The latest are 1.\n"
    assert said.out == (
        '{"error": {"type": "SynapseError", "message": "There is no run 7.", '
        '"details": {"number": 7}, "hint": "The latest are 1."}}\n'
    )

"""A training that fails says why by a code, besides its error."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from synapse_sdk.plugins.actions.train import BaseTrainAction
from synapse_sdk.plugins.actions.train.failure_classifier import classify_train_error, extract_failed_step
from synapse_sdk.plugins.errors import ExecutionError, RayNotInstalledError, StepError
from synapse_sdk.plugins.executors.local import LocalExecutor
from synapse_sdk.plugins.testing import RecordingSink


class OutOfMemoryError(RuntimeError):
    """As PyTorch has one."""


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def pydantic_error() -> Exception:
    try:
        TypeAdapter(int).validate_python("x")
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "code", "values"),
    [
        (OutOfMemoryError("tried 2 GiB"), "GPU_RESOURCE", {"detail": "tried 2 GiB"}),
        (RuntimeError("CUDA out of memory. Tried"), "GPU_RESOURCE", {"detail": "CUDA out of memory. Tried"}),
        (MemoryError(), "GPU_RESOURCE", {"detail": "MemoryError"}),
        (OSError(errno.ENOMEM, "no memory"), "GPU_RESOURCE", {"detail": "[Errno 12] no memory"}),
        (RayNotInstalledError("x"), "RAY_CONNECTION", {}),
        (StepError("Step 'train' failed: x", {"step": "train"}), "STEP", {"failed_step": "train"}),
        (StepError("no", {"step": "model_upload"}), "MODEL_REGISTER", {"error": "no"}),
        (ValueError("x"), "ADMIN_CONTACT", {}),
        (RuntimeError("the words CUDA out of memory in passing"), "ADMIN_CONTACT", {}),
        (ConnectionError("not of Ray"), "ADMIN_CONTACT", {}),
    ],
)
def test_the_kind_of_an_error_decides(error: Exception, code: str, values: dict[str, Any]):
    found, filled = classify_train_error(error)

    assert (found.value, filled) == (f"TRAIN_FAILED_{code}", values)


def test_the_cause_says_more_than_the_step():
    error = caused(StepError("Step 'train' failed", {"step": "train"}), OutOfMemoryError("2 GiB"))

    assert classify_train_error(error)[0] == "TRAIN_FAILED_GPU_RESOURCE"
    assert extract_failed_step(error) == "train"


def test_values_that_do_not_fit_are_the_config_s():
    assert classify_train_error(caused(ExecutionError("x"), pydantic_error()))[0] == "TRAIN_FAILED_CONFIG"


class Params(BaseModel):
    dataset: int | None = None


def fail(error: Exception, *, takes: bool = False) -> list[tuple[str, str | None]]:
    class Fails(BaseTrainAction[Params]):
        def execute(self) -> None:
            raise error

    class Takes(BaseTrainAction[Params]):
        def execute(self, data_path: Path) -> None:
            raise error

    sink = RecordingSink()
    with pytest.raises(ExecutionError):
        LocalExecutor(sinks=[sink]).execute(Takes if takes else Fails, {})
    return [
        ((event.body or {}).get("key", ""), event.level) for event in sink.events if event.kind == "message"
    ]


def test_a_failure_that_is_known_is_told_once():
    assert fail(OutOfMemoryError("2 GiB")) == [("TRAIN_FAILED_GPU_RESOURCE", "danger")]
    assert fail(ValueError("x"), takes=True) == [("TRAIN_FAILED_STEP", "danger")]


def test_what_the_error_itself_says_is_not_said_twice():
    assert fail(ValueError("x")) == []

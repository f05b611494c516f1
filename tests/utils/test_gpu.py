"""Which GPU has most room, as the driver's tool says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.utils.gpu import get_best_gpu

TABLE = "0, GPU-aa11, 500\\n1, GPU-bb22, 9000\\n2, GPU-cc33, 4000\\n"


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of the driver's, and no other on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path / "nvidia-smi"


def answer(driver: Path, script: str) -> None:
    driver.write_text(f"#!/bin/sh\n{script}\n")
    driver.chmod(0o755)


@pytest.mark.parametrize(
    ("visible", "best"),
    [
        (None, "cuda:1"),
        ("2,0", "cuda:0"),
        ("GPU-aa,GPU-cc33", "cuda:1"),
        ("0,7,1", "cuda:0"),
        ("", "cpu"),
        ("-1", "cpu"),
    ],
)
def test_the_one_with_most_free_memory_among_those_that_may_be_used(
    driver: Path, monkeypatch: pytest.MonkeyPatch, visible: str | None, best: str
):
    answer(driver, f"printf '{TABLE}'")
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    assert get_best_gpu("cpu") == best


@pytest.mark.usefixtures("driver")
def test_without_a_driver_it_is_what_was_said():
    assert get_best_gpu() == "cuda:0"
    assert get_best_gpu("cpu") == "cpu"


@pytest.mark.parametrize("script", ["exit 9", "echo 0, GPU-aa11, [N/A]", "echo nonsense"])
def test_a_driver_that_does_not_answer_is_told(driver: Path, script: str):
    answer(driver, script)

    with pytest.warns(UserWarning, match="can not say which GPU has room .*; cpu is used"):
        assert get_best_gpu("cpu") == "cpu"

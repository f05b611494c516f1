from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.agent.start_order import StartOrder

ORDER = StartOrder(
    job="job-1", attempt=2, argv=("python", "-c", ""), cwd="/", env={"A": "b"}, time_limit_s=1.5
)


def test_an_order_is_read_as_it_was_written(tmp_path: Path):
    ORDER.write(tmp_path)

    assert StartOrder.load(tmp_path) == ORDER


@pytest.mark.parametrize(
    ("name", "is_passed_on"),
    [
        ("PATH", True),
        ("PATHS", False),
        ("LC_CTYPE", True),
        ("CUDA_VISIBLE_DEVICES", True),
        ("SYNAPSE_ACCESS_TOKEN", False),
        ("AWS_SECRET_ACCESS_KEY", False),
    ],
)
def test_only_what_a_worker_needs_is_passed_on(name: str, is_passed_on: bool):
    assert (name in ORDER.build_environment({name: "x"})) is is_passed_on


def test_what_is_ordered_wins_over_what_is_passed_on():
    assert ORDER.build_environment({"A": "c", "PATH": "/bin"}) == {"A": "b", "PATH": "/bin"}

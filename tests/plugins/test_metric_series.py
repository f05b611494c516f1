"""Series out of a run's events."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tests.plugins.recording import strict_json
from tests.plugins.test_run_record import make_envelope

from synapse_sdk.plugins.errors import ValidationError
from synapse_sdk.plugins.events import EventStream
from synapse_sdk.plugins.metric_series import choose_series, finite_points, load_series
from synapse_sdk.plugins.run_record import RecordedRun, RunRecord, get_run


def record(tmp_path: Path, *rounds: tuple[str | None, dict[str, float]]) -> RecordedRun:
    stream = EventStream([RunRecord.create(tmp_path, make_envelope())], job="j")
    stream.state("RUNNING")
    for step, values in rounds:
        stream.metrics(step, values)
    stream.close()
    return get_run(tmp_path, 1)


TRAINING = [
    ("train", {"epoch": 2, "loss": 1.0}),
    ("val", {"loss": 9.0}),
    ("train", {"epoch": 4, "loss": 0.5, "lr": 0.1}),
    ("train", {"epoch": 6, "loss": 0.25}),
]


def test_each_key_of_each_step_is_a_series_along_its_epochs_where_there_are_any(tmp_path: Path):
    series = choose_series(load_series(record(tmp_path, *TRAINING)))

    assert [(one.step, one.key, one.x_axis, one.x, one.y) for one in series] == [
        ("train", "loss", "epoch", [2, 4, 6], [1.0, 0.5, 0.25]),
        ("val", "loss", "ordinal", [0], [9.0]),
        ("train", "lr", "epoch", [4], [0.1]),
    ]


def test_series_are_chosen_by_key_by_step_and_by_axis(tmp_path: Path):
    points = load_series(record(tmp_path, *TRAINING))

    assert [(one.step, one.key) for one in choose_series(points, keys=["loss"])] == [
        ("train", "loss"),
        ("val", "loss"),
    ]
    assert [one.key for one in choose_series(points, step="train")] == ["loss", "lr"]
    assert choose_series(points, keys=["epoch"])[0].y == [2, 4, 6]
    assert choose_series(points, keys=["lr"], x_axis="loss")[0].x == [0.5]


@pytest.mark.parametrize(
    ("choice", "message", "hint"),
    [
        ({"keys": ["los"]}, "no metric 'los'; it has epoch, loss, lr.", "Did you mean 'loss'?"),
        ({"step": "trian"}, "no step 'trian'; it has train, val.", "Did you mean 'train'?"),
        ({"x_axis": "zzz"}, "no x-axis 'zzz'; it has epoch, loss, lr.", None),
    ],
)
def test_an_unknown_name_is_told_with_the_known_ones(
    tmp_path: Path, choice: dict, message: str, hint: str | None
):
    points = load_series(record(tmp_path, *TRAINING))

    with pytest.raises(ValidationError) as caught:
        choose_series(points, **choice)

    assert caught.value.message == f"This run has {message}"
    assert caught.value.hint == hint


def test_values_that_are_no_numbers_are_gaps_and_standard_json(tmp_path: Path):
    run = record(tmp_path, *[("s", {"x": x}) for x in (1.0, math.nan, math.inf, -math.inf, 2.0)])

    series = choose_series(load_series(run))[0]

    assert finite_points(series) == ([0, 4], [1.0, 2.0])
    document = series.to_document()
    assert document["y"] == [1.0, "NaN", "Infinity", "-Infinity", 2.0]
    strict_json(__import__("json").dumps(document))


def test_a_run_without_metrics_has_no_series(tmp_path: Path):
    assert choose_series(load_series(record(tmp_path))) == []

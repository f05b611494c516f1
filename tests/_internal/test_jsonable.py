"""What can be written as JSON, and the path to what can not."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from pydantic import BaseModel

from synapse_sdk._internal.jsonable import (
    DEPTH_LIMIT,
    NotJsonError,
    describe_json,
    escape_surrogates,
    to_jsonable,
)


class Colour(Enum):
    RED = "red"


class Model(BaseModel):
    path: Path
    score: float


@dataclass
class Point:
    x: int
    tags: tuple[str, ...]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"a": [1, 2.5, None, True, "x"]}, {"a": [1, 2.5, None, True, "x"]}),
        (Model(path=Path("a/b"), score=float("nan")), {"path": "a/b", "score": "NaN"}),
        (Point(1, ("a",)), {"x": 1, "tags": ["a"]}),
        ({Colour.RED: Colour.RED}, {"red": "red"}),
        ({1: "a"}, {"1": "a"}),
        ({3, 1, 2}, [1, 2, 3]),
        (np.float32(0.5), 0.5),
        (np.array(7), 7),
        ([float("inf"), float("-inf")], ["Infinity", "-Infinity"]),
        (datetime(2026, 12, 1, tzinfo=UTC), "2026-12-01T00:00:00+00:00"),
        (UUID(int=0), "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_plain_values_are_made_of(value: Any, written: Any):
    assert to_jsonable(value) == written


@pytest.mark.parametrize(
    ("value", "path", "kind"),
    [
        ({"history": [0, np.zeros(3)]}, "result.history[1]", "numpy.ndarray"),
        ({"a": {"b": object()}}, "result.a.b", "object"),
        ([lambda: None], "result[0]", "function"),
        (Point(1, ({"x": b"raw"},)), "result.tags[0].x", "bytes"),
    ],
)
def test_the_path_to_what_can_not_be_written(value: Any, path: str, kind: str):
    with pytest.raises(NotJsonError) as caught:
        to_jsonable(value)

    assert caught.value.details["path"] == path
    assert kind in caught.value.message
    assert caught.value.hint


def test_a_value_that_contains_itself_is_told():
    value: dict[str, Any] = {}
    value["me"] = value

    with pytest.raises(NotJsonError, match=r"result\.me contains itself"):
        to_jsonable(value)


def test_the_same_value_twice_is_no_cycle():
    shared = [1]

    assert to_jsonable([shared, shared]) == [[1], [1]]


def test_describing_never_fails_and_shows_what_it_can():
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    described = describe_json({"good": 1, "bad": np.zeros(2), "rude": Rude()})

    assert described["good"] == 1
    assert described["bad"].startswith("array(")
    assert "Rude" in described["rude"]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"file": "/data/\udcff.png"}, "result.file"),
        ({"a": {"\udcff": 1}}, "result.a"),
        ([Path("/data/\udcff.png")], "result[0]"),
        ({1: "a", "1": "b"}, "result"),
        ({"n": 10**5000}, "result.n"),
        ({True: 1}, "result[True]"),
    ],
)
def test_what_json_would_lose_or_could_not_hold_is_refused(value: Any, path: str):
    with pytest.raises(NotJsonError) as caught:
        to_jsonable(value)

    assert caught.value.details["path"] == path


def test_nesting_has_an_end():
    value: Any = 1
    for _ in range(DEPTH_LIMIT):
        value = [value]
    assert to_jsonable(value)

    with pytest.raises(NotJsonError, match="nested too deeply"):
        to_jsonable([value])
    assert describe_json([value])


def test_a_dataclass_is_read_by_its_fields_and_never_copied():
    @dataclass
    class Holder:
        lock: Any

    with pytest.raises(NotJsonError) as caught:
        to_jsonable(Holder(threading.Lock()))

    assert caught.value.details["path"] == "result.lock"


def test_a_cycle_is_described_as_far_as_it_goes():
    value: dict[str, Any] = {"a": 1}
    value["me"] = value

    assert describe_json(value)["a"] == 1


def test_half_characters_are_written_out():
    value = {"\udcff": ["/data/\udcff.png", ("é", 1)]}

    assert escape_surrogates(value) == {"\\udcff": ["/data/\\udcff.png", ["é", 1]]}
    assert describe_json(value) == escape_surrogates(value)

"""An action's result, on a terminal and through a pipe."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from synapse_sdk.cli.output import Output
from synapse_sdk.cli.result import print_result


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def show(result: Any, out: io.StringIO) -> tuple[list[str], str]:
    err = io.StringIO()
    print_result(Output(out, err), result, whole="synapse run show 3")
    return out.getvalue().splitlines(), err.getvalue()


def test_a_long_value_is_cut_for_a_person_who_is_told_where_all_of_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    predictions = list(range(1000))

    lines, said = show({"count": 1000, "predictions": predictions, "note": "x" * 301}, Terminal())

    assert lines[0] == "count        1000"
    assert lines[1].startswith("predictions  [0, 1, 2")
    assert lines[1].endswith("… (1,000 items)")
    assert lines[2].endswith("x… (301 characters)")
    assert said == "\nAll of it: synapse run show 3\n"


@pytest.mark.parametrize("out", [io.StringIO(), Terminal()])
def test_what_is_short_is_shown_whole(out: io.StringIO, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")

    assert show({"loss": 0.5, "name": "a"}, out) == (["loss  0.5", "name  a"], "\n")


def test_a_pipe_gets_all():
    lines, said = show(list(range(1000)), io.StringIO())

    assert json.loads(lines[0]) == list(range(1000))
    assert said == "\n"


def test_nothing_is_printed_for_nothing():
    assert show(None, io.StringIO()) == ([], "")

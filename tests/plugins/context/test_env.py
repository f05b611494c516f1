"""`PluginEnvironment`: layers, typed getters, no secrets in its words."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import pytest

from synapse_sdk.plugins.context import PluginEnvironment
from synapse_sdk.plugins.errors import ValidationError


def test_the_first_layer_that_has_a_name_wins():
    env = PluginEnvironment({"A": 1}, {"A": 2, "B": 2}, {"B": 3, "C": 3})

    assert env.to_dict() == {"A": 1, "B": 2, "C": 3}
    assert dict(env) == env.to_dict()
    assert (len(env), "C" in env, "D" in env) == (3, True, False)
    with pytest.raises(KeyError):
        env["D"]


def test_merging_lets_the_later_one_win():
    assert PluginEnvironment.merge({"A": 1, "B": 1}, PluginEnvironment({"A": 2})).to_dict() == {
        "A": 2,
        "B": 1,
    }
    assert PluginEnvironment.merge().to_dict() == {}


def test_the_process_environment_by_prefix(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ONE_X", "1")
    monkeypatch.setenv("TWO_X", "2")

    assert PluginEnvironment.from_environ()["ONE_X"] == "1"
    assert PluginEnvironment.from_environ("ONE_").to_dict() == {"X": "1"}
    assert PluginEnvironment.from_environ(prefixes=("ONE_", "TWO_")).to_dict() == {"ONE_X": "1", "TWO_X": "2"}


@pytest.mark.parametrize(
    ("getter", "value", "expected"),
    [
        ("get_str", 5, "5"),
        ("get_int", " 5 ", 5),
        ("get_int", True, 1),
        ("get_int", 5.9, 5),
        ("get_float", "1e-3", 0.001),
        ("get_bool", "TRUE", True),
        ("get_bool", "on", True),
        ("get_bool", "yes", True),
        ("get_bool", "1", True),
        ("get_bool", "off", False),
        ("get_bool", "", False),
        ("get_bool", 3, True),
        ("get_list", "a, b ,c", ["a", "b", "c"]),
        ("get_list", "", []),
        ("get_list", ["a"], ["a"]),
        ("get_list", 5, None),
    ],
)
def test_typed_getters(getter: str, value: Any, expected: Any):
    assert getattr(PluginEnvironment({"X": value}), getter)("X") == expected


@pytest.mark.parametrize("getter", ["get_str", "get_int", "get_float", "get_bool", "get_list"])
@pytest.mark.parametrize("env", [{}, {"X": None}], ids=["missing", "None"])
def test_what_is_not_there_is_the_default(getter: str, env: dict[str, Any]):
    assert getattr(PluginEnvironment(env), getter)("X") is None
    assert getattr(PluginEnvironment(env), getter)("X", "d") == "d"


@pytest.mark.parametrize(
    ("getter", "value"), [("get_int", "hush"), ("get_float", "hush"), ("get_bool", "hush")]
)
def test_a_value_that_does_not_fit_names_the_variable_and_keeps_its_value_to_itself(getter: str, value: str):
    with pytest.raises(ValidationError, match="environment variable API_KEY is not") as caught:
        getattr(PluginEnvironment({"API_KEY": value}), getter)("API_KEY", 1)

    assert "hush" not in f"{caught.value.message} {caught.value.details}"


def test_its_repr_shows_no_values():
    assert repr(PluginEnvironment({"API_KEY": "hush"})) == "PluginEnvironment(1 variables)"


def test_it_goes_to_another_process_as_what_it_holds():
    env = PluginEnvironment({"A": "1"}, PluginEnvironment.from_environ())

    assert pickle.loads(pickle.dumps(env)).to_dict() == env.to_dict()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("env.toml", 'BATCH = 8\nNAME = "a b"\n'),
        ("env.yaml", "BATCH: 8\nNAME: a b\n"),
        ("env.json", '{"BATCH": 8, "NAME": "a b"}'),
        (".env", "# comment\nexport BATCH=8\n\nNAME='a b'\n"),
    ],
)
def test_an_environment_is_read_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    env = PluginEnvironment.from_file(tmp_path / name)
    assert (env.get_int("BATCH"), env.get_str("NAME")) == (8, "a b")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", "SECRET"),
        ("a.yaml", "a: [SECRET"),
        ("a.json", "SECRET"),
        (".env", "SECRET"),
        ("b.json", "[1]"),
        ("c.json", "[" * 100_000),
    ],
)
def test_a_file_that_is_no_environment_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValidationError, match=re.escape(name)) as caught:
        PluginEnvironment.from_file(tmp_path / name)
    assert "SECRET" not in caught.value.message


def test_a_missing_environment_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        PluginEnvironment.from_file(tmp_path / "gone.toml")


def test_an_environment_of_nothing_is_empty() -> None:
    assert PluginEnvironment(None).to_dict() == {}

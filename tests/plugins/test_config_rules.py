"""What the plain rules accept, the model accepts, with the same meaning and without a warning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.plugins.config_file import load_config, write_document
from synapse_sdk.plugins.config_rules import is_plain
from synapse_sdk.plugins.config_validation import validate_config, with_action_names

PLAIN = {"name": "A", "code": "a", "version": "0.1.0", "category": "custom", "actions": {}}
SCALARS = st.none() | st.booleans() | st.integers(-2, 3) | st.floats(allow_nan=False) | st.text(max_size=5)
WORDS = st.sampled_from(
    [
        *("a", "", " ", "A b", "a-b", "-a", "0.1.0", "1.0", "01.0.0", "1.0.0-rc.1", "custom", "Custom"),
        *("neural_net", "job", "task", "serve", "pip", "uv", "poetry"),
        *(
            "image",
            "text",
            "IMAGE",
            "object_detection",
            "bounding_box",
            "polygon",
            "interactive",
            "A=b",
            "A_B",
        ),
        *("m:C", "m.C", "m", "m:", ":C", "1:C", "é:C", "plugin.a:B.C"),
    ]
)
NAMES = st.sampled_from(["sdk", "python", "cuda", "A=b", "A_B", "", "\0", 1])
VALUES = (
    SCALARS
    | st.lists(SCALARS | WORDS, max_size=2)
    | st.dictionaries(NAMES, SCALARS | WORDS | st.just("\0"), max_size=2)
)
#: Values that fit; random ones and those of other keys stand beside them.
GOOD_IN_ACTION = {
    "entrypoint": ["m:C", "plugin.a.B"],
    "method": ["job", "serve"],
    "description": ["", "What it does."],
    "input_type": [None, "yolo_dataset"],
    "output_type": [None],
    "extra": [1],
}
GOOD = {
    "name": ["A b", "é"],
    "code": ["a-b", "a1"],
    "version": ["1.0.0-rc.1", "0.0.1+b"],
    "category": ["neural_net"],
    "readme": ["R.md"],
    "env": [{"A_B": "1", "C": True}, {"A": ""}],
    "requires": [{"sdk": ">=1", "cuda": "12"}, {}],
    "package_manager": ["uv"],
    "package_manager_options": [["--x"], []],
    "tags": [["a"]],
    "tasks": [["a.b"]],
    "variant": ["v"],
    "data_type": ["image"],
    "supported_data_types": [["image", "text"]],
    "annotation_category": ["object_detection"],
    "annotation_type": ["bounding_box", "bbox", "polygon"],
    "smart_tool": ["interactive"],
    "unknown": ["x"],
}


def choose(good: dict[str, list[Any]], *, most: int) -> st.SearchStrategy[dict[str, Any]]:
    """Return some keys, each with a value that fits or with any."""
    pairs = st.tuples(st.sampled_from(sorted(good)), st.integers(0, 3)).flatmap(
        lambda pick: st.tuples(
            st.just(pick[0]), st.sampled_from(good[pick[0]]) if pick[1] else WORDS | VALUES
        )
    )
    return st.lists(pairs, max_size=most).map(dict)


ENTRIES = choose(GOOD_IN_ACTION, most=2).map(lambda entry: {"entrypoint": "m:C", **entry}) | st.none()
ACTIONS = st.dictionaries(st.sampled_from(["train", "", 1, "é"]), ENTRIES, max_size=2)
DOCUMENTS = st.tuples(choose(GOOD, most=3), ACTIONS).map(lambda both: {**both[0], "actions": both[1]})


@settings(max_examples=1_000, deadline=None)
@given(changes=DOCUMENTS)
def test_what_is_plain_fits_the_model(changes: dict[str, Any]):
    document = {**PLAIN, **changes}
    if is_plain(document):
        PluginConfig.model_validate(with_action_names(document))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"actions": {"train": {"entrypoint": "plugin.train:Train", "method": "job", "input_type": None}}},
        {"tags": ["a"], "package_manager": "uv", "readme": "R.md", "description": "What it does."},
    ],
)
def test_ordinary_configs_are_plain(changes: dict[str, Any]):
    assert is_plain({**PLAIN, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"nmae": "A"},
        {"version": 0.1},
        {"version": "1.0"},
        {"code": "A"},
        {"category": "customs"},
        {"actions": None},
        {"actions": {"train": {}}},
        {"actions": {"train": None}},
        {"actions": {1: {"entrypoint": "a:B"}}},
        {"actions": {"train": {"entrypoint": "a:B", "methd": "job"}}},
        {"actions": {"train": {"entrypoint": "a:B", "method": "jobs"}}},
    ],
)
def test_what_deserves_a_word_is_not_plain(changes: dict[str, Any]):
    assert not is_plain({**PLAIN, **changes})


@pytest.mark.parametrize("required", sorted(PLAIN))
def test_without_a_required_field_nothing_is_plain(required: str):
    assert not is_plain({key: value for key, value in PLAIN.items() if key != required})


def test_both_ways_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "config.yaml"
    file.write_text(
        write_document({**PLAIN, "actions": {"a": {"entrypoint": "m:C"}, "b": {"entrypoint": "m:D"}}})
    )
    plain = load_config(file)
    monkeypatch.setattr("synapse_sdk.plugins.config_file.is_plain", lambda _: False)

    checked = load_config(file)

    assert checked.config == plain.config
    assert (checked.action_names, checked.warnings) == (plain.action_names, plain.warnings)


def test_the_model_is_asked_of_what_is_not_plain(tmp_path: Path):
    document: Any = {**PLAIN, "actions": {"a": {"entrypoint": "m:C", "serve_options": {"replicas": 2}}}}

    config, unusable = validate_config(document, document, text="", file="config.yaml")

    assert config.actions["a"].serve_options == {"replicas": 2}
    assert unusable == {}

"""config.yaml from disk: every problem at once, each at its line and column, in words that help."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from synapse_sdk.plugins.config_file import (
    NODE_LIMIT,
    SIZE_LIMIT_BYTES,
    find_config,
    load_config,
    parse_config,
)
from synapse_sdk.plugins.enums import DataType, SmartToolType
from synapse_sdk.plugins.errors import ConfigError, ConfigNotFoundError

HEAD = "name: YOLO\ncode: yolov8\nversion: 0.1.0\ncategory: neural_net\n"  # lines 1 to 4
ACTIONS = "actions:\n  train:\n    entrypoint: plugin.train:Train\n"  # lines 5 to 7
GOOD = HEAD + ACTIONS


def load(tmp_path: Path, text: str | bytes, name: str = "config.yaml"):
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_config(file)


def problems_of(tmp_path: Path, text: str | bytes) -> list[str]:
    """Return the lines of the refusal, without the heading."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    lines = caught.value.message.splitlines()
    return [line.strip() for line in (lines[1:] if len(lines) > 1 else lines)]


def warnings_of(tmp_path: Path, text: str) -> list[str]:
    return [str(warning) for warning in load(tmp_path, text).warnings]


# Where it is


def test_no_config_says_where_we_looked_and_both_ways_on(tmp_path: Path):
    with pytest.raises(ConfigNotFoundError) as caught:
        load_config(tmp_path)

    assert caught.value.message == (
        f"Config file not found: there is no {tmp_path}/config.yaml or {tmp_path}/synapse.yaml."
    )
    assert caught.value.details == {"looked": [f"{tmp_path}/config.yaml", f"{tmp_path}/synapse.yaml"]}
    assert "synapse plugin create" in (caught.value.hint or "")
    assert "--path" in (caught.value.hint or "")


def test_synapse_yaml_is_read_where_there_is_no_config_yaml(tmp_path: Path):
    (tmp_path / "synapse.yaml").write_text(GOOD.replace("yolov8", "other"))
    assert load_config(tmp_path).config.code == "other"

    (tmp_path / "config.yaml").write_text(GOOD)
    assert load_config(tmp_path).config.code == "yolov8"


@pytest.mark.parametrize("name", ["config.yaml", "prod.yml", "settings", "my.config.txt"])
def test_a_config_may_be_given_as_a_file_of_any_name(tmp_path: Path, name: str):
    loaded = load(tmp_path, GOOD, name)

    assert loaded.path == tmp_path / name
    assert loaded.folder == tmp_path


def test_a_file_that_is_not_there_is_named_alone(tmp_path: Path):
    with pytest.raises(ConfigNotFoundError) as caught:
        find_config(tmp_path / "prod.yaml")

    assert caught.value.details == {"looked": [f"{tmp_path}/prod.yaml"]}


# One problem each

# fmt: off
ROWS = [
    # Required fields
    (ACTIONS + "name: A\nversion: 0.1.0\ncategory: custom\n",
     "config.yaml:1:1: code is missing; unique identifier: lowercase, hyphens allowed"),
    (HEAD, "config.yaml:1:1: actions is missing; action name to its configuration"),
    (HEAD + "actions:\n  train:\n    method: job\n",
     "config.yaml:7:5: actions.train.entrypoint is missing; module path and class: `module.path:ClassName`"),
    # Texts
    (GOOD.replace("name: YOLO", "name: ''"), 'config.yaml:1:7: name: "" is not a text that is not empty'),
    (GOOD.replace("name: YOLO", "name:"), "config.yaml:1:1: name: nothing stands here; it must be a text"),
    (GOOD.replace("name: YOLO", "name: ~"), "config.yaml:1:1: name: nothing stands here; it must be a text"),
    (GOOD.replace("name: YOLO", "name: [a]"), "config.yaml:1:7: name: a list is not a text"),
    (GOOD.replace("name: YOLO", "name: true"),
     'config.yaml:1:7: name: true is a truth value, not a text; put it in quotes: "true"'),
    (GOOD.replace("code: yolov8", "code: My Plugin!"),
     ('config.yaml:2:7: code: "My Plugin!" is not lowercase letters, digits and hyphens inside, such as '
     "yolov8 or my-plugin")),
    # Versions
    (GOOD.replace("0.1.0", "0.1"),
     ('config.yaml:3:10: version: 0.1 is a number, not a text; put it in quotes: "0.1", and write X.Y.Z, '
     'such as "0.1.0"')),
    (GOOD.replace("0.1.0", "1"),
     ('config.yaml:3:10: version: 1 is a number, not a text; put it in quotes: "1", and write X.Y.Z, '
     'such as "0.1.0"')),
    (GOOD.replace("0.1.0", "1.10  # why"),
     ('config.yaml:3:10: version: 1.10 is a number, not a text; put it in quotes: "1.10", and write X.Y.Z, '
     'such as "0.1.0"')),
    (GOOD.replace("0.1.0", "&v 1.10"),
     ('config.yaml:3:10: version: 1.10 is a number, not a text; put it in quotes: "1.10", and write X.Y.Z, '
     'such as "0.1.0"')),
    (GOOD.replace("0.1.0", "v1.0.0"),
     'config.yaml:3:10: version: "v1.0.0" is not a semantic version X.Y.Z, such as 0.1.0'),
    # Words of a list
    (GOOD.replace("neural_net", "neural_nett"),
     ('config.yaml:4:11: category: "neural_nett" is not one of neural_net, export, upload, smart_tool, '
     "post_annotation, pre_annotation, data_validation, custom; did you mean neural_net?")),
    (GOOD + "    method: jobs\n",
     ('config.yaml:8:13: actions.train.method: "jobs" is not one of job, task, serve, restapi; did you mean '
     "job?")),
    (GOOD + "package_manager: poetry\n",
     'config.yaml:8:18: package_manager: "poetry" is not one of pip, uv'),
    (GOOD + "supported_data_types: [image, vid]\n",
     ('config.yaml:8:31: supported_data_types.1: "vid" is not one of image, text, video, pcd, audio, data; '
     "did you mean video?")),
    # Shapes
    (HEAD + "actions:\n", "config.yaml:5:1: actions: nothing stands here; it must be a mapping"),
    (HEAD + "actions: [a]\n", "config.yaml:5:10: actions: a list is not a mapping"),
    (HEAD + "actions: train\n", 'config.yaml:5:10: actions: "train" is not a mapping'),
    (HEAD + "actions: 5\n", "config.yaml:5:10: actions: 5 is not a mapping"),
    (HEAD + "actions:\n  train: plugin.train:Train\n",
     'config.yaml:6:10: actions.train: "plugin.train:Train" is not a mapping'),
    (HEAD + "actions:\n  train:\n",
     "config.yaml:6:3: actions.train: nothing stands here; it must be a mapping"),
    (GOOD + "    serve_options: 5\n", "config.yaml:8:20: actions.train.serve_options: 5 is not a mapping"),
    (GOOD + "tags: a\n", 'config.yaml:8:7: tags: "a" is not a list'),
    (GOOD + "tags: [a, 1]\n",
     'config.yaml:8:11: tags.1: 1 is a number, not a text; put it in quotes: "1"'),
    (GOOD + "env: [a]\n", "config.yaml:8:6: env: a list is not a mapping"),
    (GOOD + "requires: {sdk: 2026.1}\n",
     'config.yaml:8:17: requires.sdk: 2026.1 is a number, not a text; put it in quotes: "2026.1"'),
    (HEAD + "actions:\n  train:\n    entrypoint: train\n",
     ('config.yaml:7:17: actions.train.entrypoint: "train" is not module.path:ClassName, such as '
     "plugin.train:TrainAction")),
    # Keys
    (GOOD + "5: x\n", 'config.yaml:8:1: 5: a key must be a text; put it in quotes: "5"'),
    (HEAD + "actions:\n  5:\n    entrypoint: a.b:C\n",
     'config.yaml:6:3: actions.5: a key must be a text; put it in quotes: "5"'),
    (GOOD + "env:\n  8080: x\n", 'config.yaml:9:3: env.8080: a key must be a text; put it in quotes: "8080"'),
    # Flow style, anchors and merged keys
    ("{name: A, code: a, version: 0.1, category: custom, actions: {t: {entrypoint: 'a.b:C'}}}\n",
     ('config.yaml:1:29: version: 0.1 is a number, not a text; put it in quotes: "0.1", and write X.Y.Z, '
     'such as "0.1.0"')),
    (GOOD + "env: &e [x]\nruntime_env: *e\n", "config.yaml:8:6: env: a list is not a mapping"),
    # YAML itself
    (GOOD + "description: a: b\n", "config.yaml:8:15: this is not YAML: mapping values are not allowed here"),
    (HEAD + "actions:\n\ttrain: 1\n",
     ("config.yaml:6:1: this is not YAML: found character '\\t' that cannot start any token; indent with "
     "spaces, not with tabs")),
    (GOOD.replace("    entrypoint", "    description: x\n   entrypoint"),
     ("config.yaml:8:4: this is not YAML: expected <block end>, but found '<block mapping start>'; is this "
     "line indented just as far as its neighbours?")),
    (GOOD + "readme\n",
     ("config.yaml:9:1: this is not YAML: could not find expected ':'; a key is written `key: value`")),
    (GOOD + "name: again\n",
     ('config.yaml:8:1: this is not YAML: found duplicate key "name" with value "again" '
     '(original value: "YOLO")')),
    (GOOD + "x: *nope\n", "config.yaml:8:4: this is not YAML: found undefined alias 'nope'"),
    (GOOD + "---\nname: B\n", "config.yaml:8:1: this is not YAML: but found another document"),
    (GOOD + "description: 'a\x07b'\n",
     "config.yaml:8:16: this is not YAML: unacceptable character #x0007: special characters are not allowed"),
    (GOOD + "x: 2024-99-99\n", "config.yaml:1:1: this is not YAML: month must be in 1..12"),
    # Files that are something else
    ("", "config.yaml:1:1: the file holds nothing; it must be a mapping that begins with `name:`"),
    ("# only a comment\n",
     "config.yaml:1:1: the file holds nothing; it must be a mapping that begins with `name:`"),
    ("- a\n- b\n", "config.yaml:1:1: the file holds a list; it must be a mapping that begins with `name:`"),
    ("hello\n", "config.yaml:1:1: the file holds a text; it must be a mapping that begins with `name:`"),
    ("#" * (SIZE_LIMIT_BYTES + 1),
     "config.yaml:1:1: the file is larger than 1,048,576 bytes; that is no plugin's config"),
    (GOOD + "x: " + "[" * 400 + "]" * 400 + "\n", "config.yaml:1:1: it is nested too deeply"),
]
# fmt: on


@pytest.mark.parametrize(("text", "problem"), ROWS)
def test_a_problem_is_told_at_its_place_with_what_was_found_and_what_is_allowed(
    tmp_path: Path, text: str, problem: str
):
    assert problems_of(tmp_path, text)[0] == problem


def test_a_byte_that_is_not_utf_8_is_told_at_its_place(tmp_path: Path):
    problem = problems_of(tmp_path, HEAD.encode() + b"description: caf\xe9\n" + ACTIONS.encode())

    assert problem == ["config.yaml:5:17: byte 0xe9 is not UTF-8; save the file as UTF-8"]


@pytest.mark.parametrize(
    "encode",
    [lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\n", b"\r\n")],
    ids=["byte order mark", "CRLF"],
)
def test_files_from_windows_are_read_and_their_problems_have_the_same_places(tmp_path: Path, encode):
    assert load(tmp_path, encode(GOOD.encode())).config.code == "yolov8"

    assert problems_of(tmp_path, encode(GOOD.replace("name: YOLO", "name: 5").encode())) == [
        'config.yaml:1:7: name: 5 is a number, not a text; put it in quotes: "5"'
    ]


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path):
    text = (
        "name: ''\ncode: My Code\nversion: v1\ncategory: neural\nactions:\n  train:\n    method: jobs\n"
        "    entrypont: a.b:C\ntags: a\nnam: x\n"
    )

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)

    places = [(item["line"], item["column"]) for item in caught.value.details["problems"]]
    assert places == [(1, 7), (2, 7), (3, 10), (4, 11), (7, 5), (7, 13), (8, 5), (9, 7), (10, 1)]
    assert caught.value.message.startswith("config.yaml has 9 problems:\n  config.yaml:1:7: ")
    assert "did you mean entrypoint?" in caught.value.message


# Unknown keys


def test_an_unknown_key_is_a_warning_with_its_line_and_the_nearest_known_key(tmp_path: Path):
    text = GOOD + "    methd: job\nrequires:\n  pyton: '3'\ndescripton: x\nzzzz: 1\n"

    assert warnings_of(tmp_path, text) == [
        "config.yaml:11:1: unknown key descripton; did you mean description? (it is kept, and has no effect)",
        "config.yaml:12:1: unknown key zzzz (it is kept, and has no effect)",
        "config.yaml:10:3: unknown key requires.pyton; did you mean python? (it is kept, and has no effect)",
        (
            "config.yaml:8:5: unknown key actions.train.methd; did you mean method? "
            "(it is kept, and has no effect)"
        ),
    ]


def test_an_unknown_key_is_kept(tmp_path: Path):
    config = load(tmp_path, GOOD + "    mine: 1\nyours: [1, 2]\n").config

    assert config.model_extra == {"yours": [1, 2]}
    assert config.actions["train"].model_extra == {"mine": 1}


def test_unknown_keys_that_were_merged_in_are_told_at_the_mapping_that_takes_them(tmp_path: Path):
    text = HEAD + "base: &b\n  wat: 1\nactions:\n  train:\n    <<: *b\n    entrypoint: a.b:C\n"

    assert warnings_of(tmp_path, text) == [
        "config.yaml:5:1: unknown key base (it is kept, and has no effect)",
        "config.yaml:8:3: unknown key actions.train.wat (it is kept, and has no effect)",
    ]


# What YAML can do


def test_anchors_aliases_and_merged_keys_are_followed(tmp_path: Path):
    text = (
        HEAD + "base: &b\n  method: job\n  entrypoint: a.b:C\nactions:\n  t:\n    <<: *b\n    method: serve\n"
    )

    action = load(tmp_path, text).config.actions["t"]

    assert (action.entrypoint, action.method) == ("a.b:C", "serve")


def test_a_problem_in_a_merged_value_is_still_told_with_the_value(tmp_path: Path):
    text = HEAD + "base: &b\n  method: jobs\nactions:\n  t:\n    <<: *b\n    entrypoint: a.b:C\n"

    assert 'actions.t.method: "jobs" is not one of' in "\n".join(problems_of(tmp_path, text))


def test_an_alias_bomb_is_refused_before_it_grows(tmp_path: Path):
    letters = "abcdefgh"
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{this}: &{this} [{', '.join([f'*{last}'] * 10)}]\n" for last, this in itertools.pairwise(letters)
    )

    assert problems_of(tmp_path, bomb + GOOD) == [
        f"config.yaml:1:1: the file has more than {NODE_LIMIT:,} values through its aliases"
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [("env: &e\n  x: *e\n", "6:6"), ("zzz: &z [*z]\n", "5:10"), ("tags: &t [*t]\n", "5:11")],
)
def test_a_value_inside_of_itself_is_refused_at_its_place(tmp_path: Path, text: str, place: str):
    (problem,) = problems_of(tmp_path, f"{HEAD}{text}{ACTIONS}")

    assert problem.startswith(f"config.yaml:{place}: *")
    assert problem.endswith("is a value inside of itself; a config has none without an end")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "env: !!python/object/apply:os.system ['touch /tmp/x']\n",
            "5:6: the tag !!python/object/apply:os.system",
        ),
        ("description: !!python/name:os.system\n", "5:14: the tag !!python/name:os.system"),
        ("tags: [a, !secret b]\n", "5:11: the tag !secret"),
        ("env:\n  X: !include other.yaml\n", "6:6: the tag !include"),
    ],
)
def test_a_tag_that_means_nothing_is_refused_at_its_place(tmp_path: Path, text: str, problem: str):
    (found,) = problems_of(tmp_path, f"{HEAD}{text}{ACTIONS}")

    assert found == f"config.yaml:{problem} means nothing in a config; leave it out"


def test_an_exclamation_mark_in_a_text_is_no_tag(tmp_path: Path):
    text = f"{HEAD}description: Hello! Now with more!\nreadme: '!read me'\n{ACTIONS}"

    assert load(tmp_path, text).config.description == "Hello! Now with more!"


def test_a_number_without_end_is_told_at_its_place(tmp_path: Path):
    (problem,) = problems_of(tmp_path, f"{HEAD}env:\n  N: {'9' * 5000}\n{ACTIONS}")

    assert problem == "config.yaml:6:6: a number of 5,000 digits is more than can be read"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, encoding: str):
    mark = b"" if encoding == "utf-16" else b"\xfe\xff"
    (tmp_path / "config.yaml").write_bytes(mark + HEAD.encode(encoding))

    with pytest.raises(ConfigError, match=r"config\.yaml:1:1: this is UTF-16; save the file as UTF-8"):
        load_config(tmp_path)


def test_what_has_the_name_of_a_config_and_is_no_file_is_told(tmp_path: Path):
    config = tmp_path / "config.yaml"

    config.symlink_to("gone.yaml")
    with pytest.raises(
        ConfigNotFoundError, match=r"config\.yaml is a link to gone\.yaml, where there is no file"
    ):
        load_config(tmp_path)
    config.unlink()
    config.symlink_to("config.yaml")
    with pytest.raises(ConfigNotFoundError, match=r"is a link to config\.yaml, where there is no file"):
        load_config(tmp_path)
    config.unlink()
    config.mkdir()
    with pytest.raises(ConfigNotFoundError, match=r"config\.yaml is a folder"):
        load_config(tmp_path)
    config.rmdir()
    os.mkfifo(config)
    with pytest.raises(ConfigNotFoundError, match=r"config\.yaml is neither a file nor a folder"):
        load_config(tmp_path)
    (tmp_path / "synapse.yaml").write_text(GOOD)
    assert load_config(tmp_path).path.name == "synapse.yaml"


def test_an_anchor_used_twice_is_no_ones_warning(tmp_path: Path):
    assert len(warnings_of(tmp_path, GOOD + "x: &a 1\ny: &a 2\n")) == 2  # the unknown keys, nothing else


def test_tagged_scalars_are_read_as_what_they_say(tmp_path: Path):
    assert load(tmp_path, GOOD.replace("0.1.0", "!!str 0.1.0")).config.version == "0.1.0"


def test_both_dialects_names_are_taken(tmp_path: Path):
    config = load(tmp_path, GOOD + "supported_data_type: [image]\nsmart_tool_type: automatic\n").config

    assert config.supported_data_types == [DataType.IMAGE]
    assert config.smart_tool is SmartToolType.AUTOMATIC
    assert load(tmp_path, GOOD + "supported_data_types: [image]\n").warnings == ()


def test_values_of_the_environment_may_be_anything(tmp_path: Path):
    config = load(tmp_path, GOOD + "env: {A: 1, B: &b true, C: null, D: {x: 1.50}, E: 0x10}\n").config

    assert config.env == {"A": 1, "B": True, "C": None, "D": {"x": 1.5}, "E": 16}
    assert {type(value) for value in config.env.values()} == {int, bool, type(None), dict}


def test_an_empty_env_is_an_empty_mapping(tmp_path: Path):
    assert load(tmp_path, GOOD + "env:\n").config.env == {}


# Anything else

ALPHABET = st.sampled_from(list("abn015:-{}[],&*!|>'\"#%@`~?<= \t\n\r\\/\x00\x85\u2028é🙂"))
LINES = st.lists(
    st.sampled_from(
        [
            *GOOD.splitlines(), "  train: &a", "  <<: *a", "actions: {}", "actions: []", "env: *a", "- x",
            "? y", ": z", "requires: {a: 1}", "tags: !!set {a}", "x: !!int foo", "x: !!timestamp y",
            "x: !<a> b", "5: 6", "null: 1", "[a]: b", "%YAML 1.1", "---", "...", "\tx: 1", "x: |", "x: 'y",
            "code: 0o7", "version: .inf", "env: {a: &b true}",
        ]
    ),
    max_size=12,
).map("\n".join)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.one_of(LINES, st.text(ALPHABET, max_size=60).map(lambda text: GOOD + text), st.text(max_size=40)))
@example("x: !!int foo")
def test_any_text_is_a_config_or_a_config_error(tmp_path_factory: pytest.TempPathFactory, text: str):
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))

    try:
        load_config(file)
    except ConfigError as error:
        for problem in error.details["problems"]:
            assert problem["line"] >= 1
            assert problem["column"] >= 1


def test_parse_config_remembers_comments():
    assert "# why" in str(parse_config("a: 1  # why\n").ca.items)


# Actions of another platform, or of another day


FOREIGN = f"{GOOD}  serve:\n    method: job\n"  # serve is in lines 8 and 9


def test_an_action_that_does_not_fit_is_set_aside_and_the_rest_is_there(tmp_path: Path):
    loaded = load(tmp_path, FOREIGN)

    assert loaded.action_names == list(loaded.config.actions) == ["train"]
    assert [str(problem) for problem in loaded.unusable["serve"]] == [
        "config.yaml:9:5: actions.serve.entrypoint is missing; module path and class: `module.path:ClassName`"
    ]
    (warning,) = loaded.warnings
    assert str(warning) == f"{loaded.unusable['serve'][0]} (this action can not be used; the others can)"


@pytest.mark.parametrize(
    "entry",
    [
        "serve:",
        "serve: 3",
        "serve: [a]",
        "serve: {entrypoint: nonsense}",
        "serve: {entrypoint: 3}",
        "serve: {entrypoint: 'm:C', method: pipeline}",
        "serve: {entrypoint: 'm:C', input_type: [a]}",
        "'serve': {}",
    ],
)
def test_whatever_is_wrong_with_an_action_is_a_matter_of_that_action(tmp_path: Path, entry: str):
    loaded = load(tmp_path, f"{GOOD}  {entry}\n")

    assert loaded.action_names == ["train"]
    assert list(loaded.unusable) == ["serve"]


def test_every_problem_of_an_action_is_told(tmp_path: Path):
    loaded = load(tmp_path, f"{GOOD}  serve: {{entrypoint: nonsense, method: pipeline, methd: job}}\n")

    assert len(loaded.unusable["serve"]) == 2
    assert len(loaded.warnings) == 3


def test_a_config_that_does_not_fit_itself_tells_of_its_actions_too(tmp_path: Path):
    problems = problems_of(tmp_path, FOREIGN.replace("version: 0.1.0", "version: 1.0"))

    assert [line.partition(": ")[0] for line in problems] == ["config.yaml:3:10", "config.yaml:9:5"]


def test_a_config_without_one_action_that_fits_is_refused(tmp_path: Path):
    assert len(problems_of(tmp_path, f"{HEAD}actions:\n  serve: {{}}\n  tune: {{}}\n")) == 2

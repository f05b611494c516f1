"""update-config: only the lines that must differ do."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.scripts import run_python, write_files

from synapse_sdk.plugins.config_edit import ConfigChange, apply_changes
from synapse_sdk.plugins.config_file import load_config, parse_config, to_plain
from synapse_sdk.plugins.config_sync import plan_sync, write_sync
from synapse_sdk.plugins.errors import ConfigError

HEAD = "name: A\ncode: a\nversion: 0.1.0\ncategory: custom\n"
CONFIG = HEAD + "actions:\n  train:\n    entrypoint: plugin.train:TrainAction\n"
SOURCE = """
from synapse_sdk.plugins import BaseTrainAction
from synapse_sdk.plugins.types import ModelWeights, YOLODataset

class TrainAction(BaseTrainAction[dict]):
    input_type = YOLODataset
    {more}
    def execute(self): ...
"""


def write(tmp_path: Path, config: str = CONFIG, *, more: str = "", source: str = "") -> Path:
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": SOURCE.format(more=more) + source})
    (tmp_path / "config.yaml").write_bytes(config.encode())
    return tmp_path


def changed_lines(before: str, after: str) -> list[str]:
    """Return the lines that were taken out and put in, with their line ends."""
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "+-"]


# fmt: off
EDITS = [
    ("a new value goes after the last of its action", CONFIG + "    description: x\n",
     ["+     input_type: yolo_dataset\n"]),
    ("a value is replaced, its comment stays", CONFIG + "    input_type: old   # why\n",
     ["-     input_type: old   # why\n", "+     input_type: yolo_dataset   # why\n"]),
    ("quotes stay", CONFIG + "    input_type: 'it''s old'  # why\n",
     ["-     input_type: 'it''s old'  # why\n", "+     input_type: 'yolo_dataset'  # why\n"]),
    ("double quotes stay", CONFIG + '    input_type: "a \\" b"\n',
     ['-     input_type: "a \\" b"\n', '+     input_type: "yolo_dataset"\n']),
    ("nothing becomes something", CONFIG + "    input_type:\n",
     ["-     input_type:\n", "+     input_type: yolo_dataset\n"]),
    ("nothing with a comment", CONFIG + "    input_type:  # why\n",
     ["-     input_type:  # why\n", "+     input_type: yolo_dataset  # why\n"]),
    ("a tilde becomes something", CONFIG + "    input_type: ~\n",
     ["-     input_type: ~\n", "+     input_type: yolo_dataset\n"]),
    ("a value on a line of its own", CONFIG + "    input_type:\n      old\n",
     ["-       old\n", "+       yolo_dataset\n"]),
    ("an alias", CONFIG.replace("custom", "&c custom") + "    input_type: *c\n",
     ["-     input_type: *c\n", "+     input_type: yolo_dataset\n"]),
    ("a merged value is overruled", HEAD + "x: &b\n  input_type: old\n" + CONFIG[len(HEAD):] + "    <<: *b\n",
     ["+     input_type: yolo_dataset\n"]),
    ("lists at the column of their key", CONFIG + "    labels:\n    - a\n    - b\ntags:\n- x\n",
     ["+     input_type: yolo_dataset\n"]),
    ("a text over several lines", CONFIG + '    description: "one\ntwo"\n',
     ["+     input_type: yolo_dataset\n"]),
    ("a block text", CONFIG + "    description: |\n      one\n      # no comment\n",
     ["+     input_type: yolo_dataset\n"]),
    ("braces over several lines", CONFIG + "    serve_options: {\n  a: 1,\n}\ntags: [a]\n",
     ["+     input_type: yolo_dataset\n"]),
    ("comments and empty lines after the action stay with what follows",
     CONFIG + "\n  # the next\n  other:\n    entrypoint: a.b:C\n\n# tail\n",
     ["+     input_type: yolo_dataset\n"]),
    ("the end of the document", "---\n" + CONFIG + "...\n", ["+     input_type: yolo_dataset\n"]),
    ("wide indents", CONFIG.replace("    ", "        ").replace("  train", "    train"),
     ["+         input_type: yolo_dataset\n"]),
    ("Windows line ends", CONFIG.replace("\n", "\r\n"), ["+     input_type: yolo_dataset\r\n"]),
    ("a byte order mark", "\ufeff" + CONFIG, ["+     input_type: yolo_dataset\n"]),
]
# fmt: on


@pytest.mark.parametrize(("config", "lines"), [row[1:] for row in EDITS], ids=[row[0] for row in EDITS])
def test_an_edit_touches_only_its_own_line(tmp_path: Path, config: str, lines: list[str]):
    folder = write(tmp_path, config)

    write_sync(plan_sync(folder))

    after = (folder / "config.yaml").read_bytes().decode()
    assert changed_lines(config, after) == lines
    assert load_config(folder).config.actions["train"].input_type == "yolo_dataset"
    assert plan_sync(folder).changes == ()


def test_a_missing_line_end_at_the_end_of_the_file_is_all_that_is_added(tmp_path: Path):
    plan = plan_sync(write(tmp_path, CONFIG.removesuffix("\n")))

    assert plan.new_text == CONFIG + "    input_type: yolo_dataset\n"


def test_a_new_action_is_added_below_the_others(tmp_path: Path):
    source = """
class InferAction(BaseTrainAction[dict]):
    output_type = ModelWeights
    method = "serve"
    def execute(self): ...
"""
    plan = plan_sync(write(tmp_path, CONFIG + "\n# tail\ntags: [a]\n", source=source))

    assert plan.new_text == CONFIG + (
        "    input_type: yolo_dataset\n"
        "  infer:\n"
        "    entrypoint: plugin.train:InferAction\n"
        "    method: serve\n"
        "    output_type: model_weights\n"
        "\n# tail\ntags: [a]\n"
    )
    assert [str(change) for change in plan.changes] == [
        "train.input_type: yolo_dataset",
        "infer: new action at plugin.train:InferAction",
        "infer.method: serve",
        "infer.output_type: model_weights",
    ]


def test_the_first_action_takes_the_place_of_empty_braces(tmp_path: Path):
    plan = plan_sync(write(tmp_path, HEAD + "actions: {}  # none yet\n"))

    assert plan.new_text == HEAD + (
        "actions:  # none yet\n  train:\n    entrypoint: plugin.train:TrainAction\n"
        "    input_type: yolo_dataset\n"
    )


def test_a_plan_changes_nothing(tmp_path: Path):
    folder = write(tmp_path)
    before = (folder / "config.yaml").stat()

    plan = plan_sync(folder)

    assert plan.changes
    assert (folder / "config.yaml").stat() == before
    assert (folder / "config.yaml").read_text() == CONFIG


def test_a_file_that_is_up_to_date_is_not_written(tmp_path: Path):
    folder = write(tmp_path, CONFIG + "    input_type: yolo_dataset\n")
    before = (folder / "config.yaml").stat()

    write_sync(plan_sync(folder))

    assert (folder / "config.yaml").stat() == before


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_the_files_mode_is_kept(tmp_path: Path, mode: int):
    folder = write(tmp_path)
    (folder / "config.yaml").chmod(mode)

    write_sync(plan_sync(folder))

    assert (folder / "config.yaml").stat().st_mode & 0o777 == mode
    assert sorted(entry.name for entry in folder.iterdir()) == ["config.yaml", "plugin"]


def test_what_the_class_does_not_say_stays_the_configs_to_say(tmp_path: Path):
    config = CONFIG + "    input_type: yolo_dataset\n    output_type: mine\n    method: job\n"

    assert plan_sync(write(tmp_path, config)).changes == ()


@pytest.mark.parametrize(
    "name", ["null", "yes", "123", "a: b", "x # y", "", "- a", "*a", "'", '"', "한글", "a\\b"]
)
def test_names_that_yaml_would_misread_are_quoted(tmp_path: Path, name: str):
    folder = write(tmp_path, more=f"output_type = {name!r}")

    write_sync(plan_sync(folder))

    assert load_config(folder).config.actions["train"].output_type == name


def test_action_names_that_yaml_would_misread_are_quoted(tmp_path: Path):
    source = "".join(
        f"class {name}(BaseTrainAction):\n    def execute(self): ...\n" for name in ("NullAction", "OnAction")
    )
    folder = write(tmp_path, source=source)

    write_sync(plan_sync(folder))

    assert list(load_config(folder).config.actions) == ["train", "null", "on"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (HEAD + "actions: {train: {entrypoint: plugin.train:TrainAction}}\n", "actions is written as {…}"),
        (HEAD + "actions:\n  train: {entrypoint: plugin.train:TrainAction}\n",
         "actions.train is written as {…}"),
        ("{" + ", ".join(HEAD.splitlines()) + ", actions: {t: {entrypoint: plugin.train:TrainAction}}}\n",
         "the file is written as {…}"),
        (CONFIG + "    input_type: &x old\n    output_type: *x\n", "without touching other lines"),
        (CONFIG + "    input_type: >-\n      old\n", "without touching other lines"),
    ],
)  # fmt: skip
def test_what_can_not_be_edited_by_line_is_refused_and_left_alone(tmp_path: Path, config: str, message: str):
    folder = write(tmp_path, config)

    with pytest.raises(ConfigError) as caught:
        plan_sync(folder)

    assert message in caught.value.message
    assert "add" in (caught.value.hint or "").lower()
    assert (folder / "config.yaml").read_text() == config


def test_a_method_that_does_not_exist_is_told_and_not_written(tmp_path: Path):
    plan = plan_sync(write(tmp_path, CONFIG + "    input_type: yolo_dataset\n", more="method = 'local'"))

    assert plan.changes == ()
    assert plan.warnings == (
        (
            "plugin/train.py:5: TrainAction.method is 'local'; allowed are job, task, serve, restapi; "
            "left as it is"
        ),
    )


def test_an_entrypoint_that_names_nothing_is_told_and_left_alone(tmp_path: Path):
    plan = plan_sync(
        write(tmp_path, CONFIG.replace(":TrainAction", ":Missing") + "  x:\n    entrypoint: a.b:C\n")
    )

    assert [warning.partition(":")[0] for warning in plan.warnings] == [
        "actions.train.entrypoint", "actions.x.entrypoint",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("output_type = type('Own', (YOLODataset,), {'name': 'own'})", "own"),
        ("output_type, method = ModelWeights, 'job'", "model_weights"),
        ("output_type = ModelWeights if 1 else YOLODataset", "model_weights"),
        ("output_type = property(lambda self: 'x')", None),
    ],
)
def test_values_that_only_running_tells_come_from_the_imported_class(
    tmp_path: Path, more: str, found: str | None
):
    folder = write(tmp_path, more=more)
    script = """
from pathlib import Path
from synapse_sdk.plugins.config_sync import plan_sync
print({change.key: change.new for change in plan_sync(Path(".")).changes}.get("output_type"))
"""

    finished = run_python(script, folder)

    assert finished.stdout.strip() == str(found), finished


# Whatever a config looks like

COMMENT = st.sampled_from(["", "  # why", '   # it\'s: "so"'])
SCALAR = st.sampled_from(
    ["1", "x y", "'it''s'", '"\\" q"', "", "~", "[1, 2]", "{k: v}", "a#b", "http://x:1", "0.10"]
)


@st.composite
def entries(draw: st.DrawFn, indent: int, prefix: str = "") -> list[str]:
    """Draw lines of a mapping at a column, with keys that the update does not know."""
    lines: list[str] = []
    pad = " " * indent
    for key in draw(st.lists(st.sampled_from(["a", "b1", "x-y"]), unique=True, max_size=2)):
        lines += draw(st.sampled_from([[], [""], [f"{pad}# above"], ["# far left"]]))
        shape = draw(st.sampled_from(["scalar", "list", "tight list", "block", "nested"]))
        if shape == "scalar":
            lines.append(f"{pad}{prefix}{key}: {draw(SCALAR)}".rstrip() + draw(COMMENT))
            continue
        lines.append(f"{pad}{prefix}{key}:{' |' if shape == 'block' else ''}" + draw(COMMENT))
        items = {"block": ["text", "# no comment"], "nested": ["one: 1", "two: 2"]}.get(shape, ["- 1", "- 2"])
        lines += [f"{pad}{'' if shape == 'tight list' else '  '}{item}" for item in items]
    return lines


@st.composite
def configs(draw: st.DrawFn) -> str:
    """Draw a valid config with actions `one` and `two`, of any looks."""
    indent = draw(st.sampled_from([1, 2, 4]))
    pad = " " * (2 * indent)
    lines = [*HEAD.splitlines(), *draw(entries(0, "x_")), "actions:" + draw(COMMENT)]
    for name in ("one", "two"):
        lines.append(f"{' ' * indent}{name}:" + draw(COMMENT))
        lines.append(f"{pad}entrypoint: plugin.{name}:Act" + draw(COMMENT))
        for key in draw(st.lists(st.sampled_from(["input_type", "output_type"]), unique=True)):
            value = draw(st.sampled_from(["old", "a b", "", "~", "'it''s'"]))
            lines.append(f"{pad}{key}: {value}".rstrip() + draw(COMMENT))
        lines += draw(entries(2 * indent))
    lines += draw(entries(0, "y_"))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    # A block text at the very end would change with a line end after it.
    ends = [newline, newline * 3] if "# no comment" in lines[-1] else ["", newline, newline * 3]
    return newline.join(lines) + draw(st.sampled_from(ends))


PLACES = st.lists(
    st.tuples(
        st.sampled_from(["one", "two", "three", "null"]),
        st.sampled_from(["input_type", "output_type", "method"]),
    ),
    min_size=1,
    max_size=3,
    unique=True,
)


@settings(deadline=None, max_examples=50)
@given(configs(), PLACES, st.sampled_from(["yolo_dataset", "on", "a: b", "0.10"]))
def test_an_edit_changes_its_values_and_every_other_byte_stays(
    text: str, places: list[tuple[str, str]], new: str
):
    expected = to_plain(parse_config(text), "config.yaml")

    edited = apply_changes(text, [ConfigChange(action, key, None, new) for action, key in places])

    for action, key in places:
        expected["actions"].setdefault(action, {})[key] = new
    assert to_plain(parse_config(edited), "config.yaml") == expected
    last_line = text.splitlines(keepends=True)[-1]
    for line in changed_lines(text, edited):
        is_edited = any(f"{key}:" in line for _, key in places)
        is_new_action = line[0] == "+" and line.strip("+ \r\n") in ("three:", '"null":')
        is_ended = line[2:].rstrip() == last_line.rstrip()
        assert is_edited or is_new_action or is_ended, f"{line!r} was not to be touched"
    assert edited.count("\n") == edited.count("\r\n") or "\r\n" not in text

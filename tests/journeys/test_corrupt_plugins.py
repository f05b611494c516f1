"""A config or a module that is broken, enormous or endless: one clear sentence from each command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli_process import Synapse
from tests.journeys.small_plugins import DEMO_CONFIG, TRAIN, config_of

MIB = 1024 * 1024
COMMANDS = [
    ("plugin", "check"),
    ("plugin", "info"),
    ("plugin", "run", "train"),
    ("plugin", "test"),
    ("plugin", "publish", "--dry-run"),
    ("plugin", "update-config"),
    ("plugin", "update-config", "--check"),
]
_NAMES = zip("abcdefgh", "bcdefghi", strict=True)
_GROWTH = "".join(f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]\n" for last, name in _NAMES)
#: What the file holds → what is said of it.
CONFIGS = {
    "binary": (bytes(range(256)) * 20, "byte 0x80 is not UTF-8"),
    "text that is cut in a letter": (f"{DEMO_CONFIG}description: caf".encode() + b"\xc3", "is not UTF-8"),
    "UTF-16": (DEMO_CONFIG.encode("utf-16"), "config.yaml:1:1: this is UTF-16; save the file as UTF-8"),
    "zero bytes": (DEMO_CONFIG.replace("Demo", "De\0mo").encode(), "config.yaml:1:9: this is not YAML"),
    "nothing": (b"", "the file holds nothing"),
    "two documents": (f"{DEMO_CONFIG}---\nname: B\n".encode(), "another document"),
    "a key twice": (f"{DEMO_CONFIG}name: B\n".encode(), 'found duplicate key "name"'),
    "100 MB": (DEMO_CONFIG.encode() + b"#" * 100 * MIB, "the file is larger than 1,048,576 bytes"),
    "aliases that grow": (f"{DEMO_CONFIG}a: &a [x]\n{_GROWTH}".encode(), "more than 100,000 values"),
    "a value inside of itself": (f"{DEMO_CONFIG}env: &e\n  X: *e\n".encode(), "a value inside of itself"),
    "deep nesting": (f"{DEMO_CONFIG}env: {'{a: ' * 100_000}".encode(), "nested too deeply"),
    "a tag that runs code": (
        f"{DEMO_CONFIG}env: !!python/object/apply:os.mkdir [pwned]\n".encode(),
        "the tag !!python/object/apply:os.mkdir means nothing",
    ),
}


def write(folder: Path, config: bytes, train: bytes = TRAIN.encode()) -> Path:
    (folder / "plugin").mkdir(parents=True)
    (folder / "plugin/__init__.py").touch()
    (folder / "plugin/train.py").write_bytes(train)
    (folder / "plugin/other.py").write_text(TRAIN)
    (folder / "config.yaml").write_bytes(config)
    return folder


@pytest.mark.parametrize("name", CONFIGS)
def test_every_command_says_what_is_wrong_with_a_config_and_changes_nothing(
    synapse: Synapse, tmp_path: Path, name: str
):
    config, words = CONFIGS[name]
    plugin = write(tmp_path / "corrupt", config)

    for command in COMMANDS:
        answer = synapse(*command, "--path", str(plugin), timeout_s=30)

        assert answer.returncode == 2, answer
        assert answer.stderr.startswith("error: config.yaml"), answer
        assert words in answer.stderr, answer
        assert "Traceback" not in answer.said
        assert len(answer.stderr) < 2000, "one clear sentence"
    assert (plugin / "config.yaml").read_bytes() == config
    assert sorted(path.name for path in plugin.iterdir()) == ["config.yaml", "plugin"]


@pytest.mark.parametrize("kind", ["folder", "dead link", "link to itself", "pipe"])
def test_what_is_no_file_is_called_so_and_never_waited_for(synapse: Synapse, tmp_path: Path, kind: str):
    plugin = write(tmp_path / "corrupt", b"")
    config = plugin / "config.yaml"
    config.unlink()
    if kind == "folder":
        config.mkdir()
    elif kind == "pipe":
        os.mkfifo(config)
    else:
        config.symlink_to("config.yaml" if kind == "link to itself" else "gone.yaml")

    for command in COMMANDS:
        answer = synapse(*command, "--path", str(plugin), timeout_s=30)

        assert answer.returncode == 2, answer
        assert answer.stderr.startswith(f"error: Config file not found: {config} is "), answer
        assert "Traceback" not in answer.said


MODULES = {
    "a circle of imports": (
        b"from plugin.helper import help_me\n" + TRAIN.encode(),
        "cannot import name 'Action' from partially initialized module 'plugin.train'",
    ),
    "bytes that are no text": (b"x = '\xff\xfe'\n" + TRAIN.encode(), "SyntaxError: (unicode error)"),
    "zero bytes": (
        b"x = 1\0\n" + TRAIN.encode(),
        "SyntaxError: source code string cannot contain null bytes",
    ),
    "brackets without end": (b"x = " + b"(" * 5000, "SyntaxError: too many nested parentheses"),
    "a call without end": (b"def f(n): return f(n + 1)\nf(0)\n", "RecursionError: maximum recursion depth"),
    "an end of the program": (b"import sys\nsys.exit(3)\n", "SystemExit: 3"),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_can_not_be_imported_fails_its_own_actions_alone(
    synapse: Synapse, tmp_path: Path, name: str
):
    source, words = MODULES[name]
    config = config_of({"train": "plugin.train:Action", "other": "plugin.other:Action"})
    plugin = write(tmp_path / "broken", config.encode(), source)
    (plugin / "plugin/helper.py").write_text("from plugin.train import Action\ndef help_me(): ...\n")

    broken = synapse("plugin", "run", "train", "--path", str(plugin))
    other = synapse("plugin", "run", "other", "--path", str(plugin))
    told = synapse("plugin", "run", "other", "--help", "--path", str(plugin))
    checked = synapse("plugin", "check", "--import", "--path", str(plugin))

    assert broken.returncode == 1, broken
    assert "error: plugin.train:Action can not be imported: " in broken.stderr
    assert words in broken.stderr
    assert "synapse_sdk" not in broken.stderr, "no frame of ours"
    assert other.returncode == 0, other
    assert "epochs" in told.stdout
    assert checked.returncode == 2, checked
    assert "Traceback" not in checked.said

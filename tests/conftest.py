"""Fixtures for every suite: the real command line, and small plugins to point it at."""

from __future__ import annotations

import signal
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pytest

from tests.cli_process import Synapse

# A suite in the background of a shell is born with Ctrl-C ignored, and so would be every process it starts;
# the tests that interrupt one would wait for nothing.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class WritePlugin(Protocol):
    def __call__(
        self, config: str | None, sources: Mapping[str, str] | None = None, *, folder: str = "my-plugin"
    ) -> Path: ...


@pytest.fixture
def synapse(tmp_path: Path) -> Synapse:
    """The real CLI with a private home: `synapse("plugin", "run", "train", cwd=plugin).returncode`."""
    home, cwd = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    cwd.mkdir()
    return Synapse(home, cwd)


@pytest.fixture
def write_plugin(tmp_path: Path) -> WritePlugin:
    """Write a plugin folder from strings and return its path.

    `config` becomes config.yaml (None leaves it out). `sources` maps paths relative to the folder to their
    text, such as `{"plugin/train.py": "..."}`; `plugin/__init__.py` is there unless given. Text may be
    indented like the test around it.
    """

    def write(
        config: str | None, sources: Mapping[str, str] | None = None, *, folder: str = "my-plugin"
    ) -> Path:
        root = tmp_path / folder
        files = {"plugin/__init__.py": ""} | dict(sources or {})
        if config is not None:
            files["config.yaml"] = config
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).removeprefix("\n"), encoding="utf-8")
        return root

    return write

"""Optional libraries: a missing one says how to get it, a broken one shows its own error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from synapse_sdk._internal.errors import MissingExtraError
from synapse_sdk._internal.extras import install_command, require


def test_a_library_that_is_there_is_returned():
    assert require("json", install="…", why="read JSON") is sys.modules["json"]


def test_a_missing_library_says_what_for_and_how_to_get_it():
    with pytest.raises(MissingExtraError) as caught:
        require("a_library_that_is_not_there.inner", install="pip install it", why="draw a plot")

    assert caught.value.message == (
        "a_library_that_is_not_there.inner is needed to draw a plot, and is not installed."
    )
    assert caught.value.hint == "pip install it"
    assert isinstance(caught.value, ImportError)


def test_a_library_that_is_there_but_broken_shows_its_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "broken_library.py").write_text("import what_it_needs_and_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ModuleNotFoundError, match="what_it_needs_and_is_not_there") as caught:
        require("broken_library", install="…", why="…")

    assert not isinstance(caught.value, MissingExtraError)


def test_the_command_installs_from_where_this_sdk_came_from():
    assert install_command("dev").startswith("pip install '")
    assert "[dev]" in install_command("dev")

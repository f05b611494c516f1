"""Tracebacks as a plugin's author wants to read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.plugins.scripts import write_files

from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.tracebacks import format_author_traceback, is_raised_in


def run_source(folder: Path, source: str) -> BaseException:
    """Run an author's file from here, as we would; return what it raised."""
    file = folder / "train.py"
    write_files(folder, {"train.py": source})
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - any will do
        exec(compile(source, str(file), "exec"), {"ExecutionError": ExecutionError})
    return caught.value


def test_it_begins_in_the_authors_file(tmp_path: Path):
    error = run_source(tmp_path, "def f():\n    return 1 / 0\nf()\n")

    text = format_author_traceback(error, tmp_path)

    assert text is not None
    lines = text.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].startswith(f'  File "{tmp_path}/train.py", line 3')
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert Path(__file__).name not in text
    assert is_raised_in(error, tmp_path)


def test_causes_are_told_too_each_from_the_authors_file_on(tmp_path: Path):
    source = "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise LookupError('gone') from error\n"

    text = format_author_traceback(run_source(tmp_path, source), tmp_path)

    assert text is not None
    assert text.count(f'File "{tmp_path}/train.py"') == 2
    assert "The above exception was the direct cause" in text


def test_our_own_frames_below_the_authors_are_left_out_when_we_raised_on_purpose(tmp_path: Path):
    source = "from synapse_sdk.plugins.params import parse_params\nparse_params('[')\n"

    text = format_author_traceback(run_source(tmp_path, source), tmp_path)

    assert text is not None
    assert "parse_params('[')" in text
    own = text.rpartition("During handling")[2] or text
    assert "synapse_sdk/plugins/params.py" not in own.rpartition("direct cause")[2]


def test_without_the_authors_code_there_is_none(tmp_path: Path):
    with pytest.raises(ValueError, match="ours") as caught:
        raise ValueError("ours")

    assert format_author_traceback(caught.value, tmp_path) is None
    assert not is_raised_in(caught.value, tmp_path)


def test_a_syntax_error_is_shown_as_python_shows_it(tmp_path: Path):
    file = write_files(tmp_path, {"train.py": "def (:\n"}) / "train.py"

    with pytest.raises(SyntaxError) as caught:
        compile(file.read_text(), str(file), "exec")

    text = format_author_traceback(caught.value, tmp_path)
    assert text is not None
    assert f'File "{file}", line 1' in text
    assert text.endswith("SyntaxError: invalid syntax")


@pytest.mark.parametrize(
    "source",
    [
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E\n",
        "raise ValueError('\\udcff')\n",
        "a = ValueError('a')\nb = ValueError('b')\na.__cause__ = b\nb.__cause__ = a\nraise a\n",
        "raise ExceptionGroup('many', [ValueError(1), TypeError(2)])\n",
        "def f(): f()\nf()\n",
    ],
    ids=["no words", "half characters", "circle", "group", "recursion"],
)
def test_errors_of_every_kind_are_told(tmp_path: Path, source: str):
    text: Any = format_author_traceback(run_source(tmp_path, source), tmp_path)

    assert "train.py" in text

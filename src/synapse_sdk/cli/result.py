"""An action's result, for a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.terminal import is_terminal
from synapse_sdk._internal.units import count_of

if TYPE_CHECKING:
    from synapse_sdk.cli.output import Output

#: Of one value, on a terminal: a few lines. A pipe gets all.
_SHOWN_CHARS = 300


def print_result(output: Output, result: Any, *, whole: str) -> None:
    """Print what an action returned: a mapping as one line for each of its values.

    Args:
        output: Where to.
        result: Plain JSON.
        whole: The command that prints all of it, named where a value is cut.
    """
    if result is None:
        return
    values = result if isinstance(result, dict) else {"": result}
    texts = {name: value if isinstance(value, str) else _write(value) for name, value in values.items()}
    cut = [name for name, text in texts.items() if len(text) > _SHOWN_CHARS]
    if cut and is_terminal(output.out):
        texts |= {name: _cut(texts[name], values[name]) for name in cut}
    output.say()
    if isinstance(result, dict):
        output.fields(texts)
    else:
        output.text(texts[""])
    if cut and is_terminal(output.out):
        output.say(f"All of it: {whole}")


def _write(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str, value: Any) -> str:
    size = count_of(len(value), "item") if isinstance(value, list | dict) else f"{len(text):,} characters"
    return f"{text[:_SHOWN_CHARS]}… ({size})"

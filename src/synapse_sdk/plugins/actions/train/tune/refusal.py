"""How a search that can not be run is refused: as params that do not fit, each problem at its field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pydantic

from synapse_sdk.plugins.errors import ParamsError


class Problem(NamedTuple):
    """One thing that does not fit."""

    #: Where, from the params on: `("hyperparameters", 0, "min")`.
    loc: tuple[str | int, ...]
    text: str
    #: What people call the item, beside its number.
    name: str | None = None

    def __str__(self) -> str:
        first, *others = self.loc or ("params",)
        place = str(first)
        for part in others:
            place += f"[{part}]" if isinstance(part, int) else f".{part}"
            if isinstance(part, int) and self.name:
                place += f" ({self.name})"
        return f"{place}{'' if self.text.startswith(' ') else ': '}{self.text}"


def read_problems(
    error: pydantic.ValidationError, at: tuple[str | int, ...], name: str | None = None
) -> list[Problem]:
    """Return what pydantic found in the value at `at`."""
    return [
        Problem((*at, *item["loc"]), item["msg"].removeprefix("Value error, "), name)
        for item in error.errors(include_url=False)
    ]


def refuse(head: str, problems: Sequence[Problem], *, hint: str | None = None) -> ParamsError:
    """Build the error that names all problems."""
    lines = [str(problem) for problem in problems]
    told = f" {lines[0]}" if len(lines) == 1 else "\n  " + "\n  ".join(lines)
    found = [
        {"field": ".".join(map(str, item.loc)), "loc": list(item.loc), "problem": item.text.strip()}
        for item in problems
    ]
    return ParamsError(f"{head}{told}", {"problems": found}, hint=hint)

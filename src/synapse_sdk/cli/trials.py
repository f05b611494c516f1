"""The trials of a search, as a table: for runs of this machine and for jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.units import count_of

if TYPE_CHECKING:
    from synapse_sdk.cli.output import Output
    from synapse_sdk.plugins.trial_rows import TrialRows


def print_trials(output: Output, found: TrialRows, *, whose: str, **facts: Any) -> None:
    """Print a search's trials; `facts` begin the document."""
    if output.as_json:
        output.document({**facts, **found.to_document()})
        return
    if not found.rows:
        output.say(f"{whose} made no search.")
        return
    marks = [("best" if name == found.best_trial else "") for name in found.rows]
    rows = [[*map(_show, row), mark] for row, mark in zip(found.list_rows(), marks, strict=True)]
    output.table([*found.columns, ""], rows)
    failed = sum(row[1] == "failed" for row in rows)
    output.say(count_of(len(rows), "trial") + (f", {failed} of them failed" if failed else ""))


def _show(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)

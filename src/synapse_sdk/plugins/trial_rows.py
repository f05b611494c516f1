"""The table of a search, put together from the events that made it.

An event has the rows that changed, or all of them; a row takes the place of an older one. Source: interface
sheet `actions.md` §2.4, "trial table".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: Name of the events.
TRIALS_EVENT = "trials"


@dataclass(slots=True)
class TrialRows:
    """What is known of a search's trials, in the order in which they began."""

    #: Columns of numbers, the objective first.
    metrics: list[str] = field(default_factory=list)
    hyperparameters: list[str] = field(default_factory=list)
    #: Id of the trial that is best so far; empty where none is.
    best_trial: str = ""
    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, tables: Iterable[Mapping[str, Any]]) -> TrialRows:
        """Put the bodies of events together, oldest first."""
        found = cls()
        for table in tables:
            found.metrics = _texts(table.get("metrics"))
            found.hyperparameters = _texts(table.get("hyperparameters"))
            found.best_trial = str(table.get("best_trial") or "")
            trials = table.get("trials")
            if isinstance(trials, Mapping):
                found.rows |= {str(name): row for name, row in trials.items() if isinstance(row, Mapping)}
        return found

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return ["trial", "status", *self.hyperparameters, *self.metrics]

    def list_rows(self) -> list[list[Any]]:
        """Return a value for each column of each trial, None where there is none yet."""
        return [
            [
                name,
                _part(row, "base").get("status"),
                *(_part(row, "hyperparameters").get(column) for column in self.hyperparameters),
                *(_part(row, "metrics").get(column) for column in self.metrics),
            ]
            for name, row in self.rows.items()
        ]

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "best_trial": self.best_trial or None,
            "trials": [
                {
                    "trial_id": name,
                    "status": _part(row, "base").get("status"),
                    "hyperparameters": dict(_part(row, "hyperparameters")),
                    "metrics": dict(_part(row, "metrics")),
                }
                for name, row in self.rows.items()
            ],
        }


def _part(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = row.get(name)
    return part if isinstance(part, Mapping) else {}


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, Sequence) and not isinstance(value, str) else []

"""`TrainContext`: what the steps of a training share.

Source: interface sheet `actions.md` §2.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.steps.context import BaseStepContext


@dataclass
class TrainContext(BaseStepContext):
    """Handed from step to step."""

    params: dict[str, Any] = field(default_factory=dict)
    #: As `get_dataset()` returns it.
    dataset: Any = None
    #: Where the trained weights lie.
    model_path: str | None = None
    #: The model's record, once it is kept.
    model: dict[str, Any] | None = None
    #: What `execute(data_path, checkpoint)` gets: a dataset.yaml, else the dataset's folder.
    data_path: Path | None = None
    #: What a search found: its best trial, and all of them.
    tune_result: dict[str, Any] | None = None
    #: The models of a search's trials: `trial_id`, `id`, `name`.
    trial_models: list[dict[str, Any]] = field(default_factory=list)
    #: What `execute` returned.
    result: Any = None

    @property
    def client(self) -> Any:
        """The server's client; None without one."""
        return self.runtime_ctx.client

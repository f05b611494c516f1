"""`ToTaskContext`: what the steps of a pre-annotation share.

Source: interface sheet `actions.md` §8.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.steps.context import BaseStepContext

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.to_task.preprocessor import PreProcessor


@dataclass
class ToTaskContext(BaseStepContext):
    """Handed from step to step."""

    params: dict[str, Any] = field(default_factory=dict)
    #: The project's, with its `file_specifications`.
    data_collection: dict[str, Any] = field(default_factory=dict)
    task_ids: list[int] = field(default_factory=list)
    #: Asks the model; None unless the method is "inference".
    inference: PreProcessor | None = None
    batch_size: int | None = None
    #: `{"task_id": …, "error": …}` of each that failed.
    failures: list[dict[str, Any]] = field(default_factory=list)
    success_count: int = 0
    failed_count: int = 0

    @property
    def total_tasks(self) -> int:
        """How many tasks there are."""
        return len(self.task_ids)

    @property
    def client(self) -> Any:
        """The server's client; None without one."""
        return self.runtime_ctx.client

"""How far a pipeline's run has come: the whole, and each action.

Source: interface sheet `core.md` §9 and Appendix B, `synapse_sdk.plugins.models.logger`; §0 for the older
dialect, whose actions are a list and whose `progress_step` is called `progress_category`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from synapse_sdk.plugins.models.pipeline import ActionStatus, RunStatus


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class ActionProgress:
    """How far one action has come."""

    name: str
    status: ActionStatus = ActionStatus.PENDING
    #: Part that is done: from 0 to 1.
    progress: float = 0.0
    progress_step: str | None = None
    message: str | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    #: Aware moments.
    started_at: datetime | None = None
    completed_at: datetime | None = None
    error: str | None = None

    @property
    def progress_category(self) -> str | None:
        """The older name of `progress_step`."""
        return self.progress_step

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; moments as ISO 8601."""
        return {
            "name": self.name,
            "status": self.status.value,
            "progress": self.progress,
            "progress_step": self.progress_step,
            "message": self.message,
            "metrics": dict(self.metrics),
            "started_at": _write_moment(self.started_at),
            "completed_at": _write_moment(self.completed_at),
            "error": self.error,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ActionProgress:
        """Read what `to_dict` wrote, or the older dialect did.

        Raises:
            KeyError: There is no `name`.
            ValueError: The status or a moment is none.
        """
        return cls(
            name=data["name"],
            status=ActionStatus(data.get("status", ActionStatus.PENDING)),
            progress=float(data.get("progress") or 0.0),
            progress_step=data.get("progress_step", data.get("progress_category")),
            message=data.get("message"),
            metrics=dict(data.get("metrics") or {}),
            started_at=_read_moment(data.get("started_at")),
            completed_at=_read_moment(data.get("completed_at")),
            error=data.get("error"),
        )


@dataclass(slots=True)
class PipelineProgress:
    """How far a run has come."""

    run_id: str
    status: RunStatus = RunStatus.PENDING
    #: By name, in the order in which they run.
    actions: dict[str, ActionProgress] = field(default_factory=dict)
    current_action: str | None = None
    #: Aware moments.
    started_at: datetime | None = None
    completed_at: datetime | None = None
    error: str | None = None
    pipeline_id: str | None = None

    @property
    def overall_progress(self) -> float:
        """The mean of the actions' progress, in their unit: from 0 to 1. Without actions 0."""
        if not self.actions:
            return 0.0
        return sum(action.progress for action in self.actions.values()) / len(self.actions)

    @property
    def completed_actions(self) -> int:
        """How many actions are completed."""
        return sum(action.status is ActionStatus.COMPLETED for action in self.actions.values())

    @property
    def current_action_index(self) -> int | None:
        """The place of the current action, from 0; None when there is none."""
        names = list(self.actions)
        return names.index(self.current_action) if self.current_action in names else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; moments as ISO 8601."""
        return {
            "run_id": self.run_id,
            "pipeline_id": self.pipeline_id,
            "status": self.status.value,
            "actions": {name: action.to_dict() for name, action in self.actions.items()},
            "current_action": self.current_action,
            "started_at": _write_moment(self.started_at),
            "completed_at": _write_moment(self.completed_at),
            "error": self.error,
            "overall_progress": self.overall_progress,
            "completed_actions": self.completed_actions,
            "total_actions": len(self.actions),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PipelineProgress:
        """Read what `to_dict` wrote; `actions` may be the list of the older dialect, too.

        Raises:
            KeyError: There is no `run_id`, or an action has no name.
            ValueError: A status or a moment is none, or two actions have one name.
        """
        return cls(
            run_id=data["run_id"],
            status=RunStatus(data.get("status", RunStatus.PENDING)),
            actions=_read_actions(data.get("actions") or {}),
            current_action=data.get("current_action"),
            started_at=_read_moment(data.get("started_at")),
            completed_at=_read_moment(data.get("completed_at")),
            error=data.get("error"),
            pipeline_id=data.get("pipeline_id"),
        )


@dataclass(slots=True)
class Checkpoint:
    """What an action of a run came to, for a later run to go on from."""

    run_id: str
    action_name: str
    result: Any
    created_at: datetime = field(default_factory=_now)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields; a result that is a model as plain values."""
        dump = getattr(self.result, "model_dump", None)
        return {
            "run_id": self.run_id,
            "action_name": self.action_name,
            "result": self.result if dump is None else dump(mode="json"),
            "created_at": _write_moment(self.created_at),
        }


def _read_actions(actions: Any) -> dict[str, ActionProgress]:
    if isinstance(actions, Mapping):
        return {name: ActionProgress.from_dict({"name": name, **item}) for name, item in actions.items()}
    read = [ActionProgress.from_dict(item) for item in actions]
    found = {action.name: action for action in read}
    if len(found) < len(read):
        raise ValueError("two actions of a run have one name")
    return found


def _write_moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _read_moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value

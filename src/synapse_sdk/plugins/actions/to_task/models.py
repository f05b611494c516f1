"""What a pre-annotation is told, what it answers, and what it records of each task.

Source: interface sheet `actions.md` §8.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator


class ToTaskMethod(StrEnum):
    """Where annotations come from."""

    FILE = "file"
    INFERENCE = "inference"


class TaskProcessStatus(StrEnum):
    """How one task ended."""

    SUCCESS = "success"
    FAILED = "failed"


with warnings.catch_warnings():
    # The vendor's plugins read `params.schema`; what it hides of pydantic's has been out of use for years.
    warnings.filterwarnings("ignore", message='Field name "schema"')

    class ToTaskParams(BaseModel):
        """Params of a pre-annotation."""

        name: str = Field(min_length=1)
        description: str | None = None
        project: int = Field(description="Id of the project whose tasks get annotations")
        agent: int = Field(description="Id of the agent that the pre-processor is served on")
        task_filters: dict[str, Any] = Field(
            default_factory=dict, description="Which tasks of the project; all of them unless given"
        )
        method: ToTaskMethod = Field(
            default=ToTaskMethod.FILE, description="Annotations from a file of each task, or from a model"
        )
        target_specification_name: str | None = Field(
            default=None, description='The file of each task that holds annotations, as "data_meta_1"'
        )
        model: int | None = Field(default=None, description="Id of the model to infer with")
        pre_processor: int | None = Field(
            default=None, description="Id of the plugin release that serves the inference"
        )
        pre_processor_params: dict[str, Any] = Field(default_factory=dict)
        batch_size: int = Field(default=1, ge=1, description="Tasks that are worked on at once")
        schema: Literal["dm_schema_v1", "any"] = Field(  # type: ignore[assignment]
            default="dm_schema_v1", description="What the server checks annotations against"
        )

        @model_validator(mode="after")
        def _check_method(self) -> ToTaskParams:
            if self.method is ToTaskMethod.FILE and not self.target_specification_name:
                raise ValueError("method 'file' needs target_specification_name: the file with annotations")
            if self.method is ToTaskMethod.INFERENCE and (self.model is None or self.pre_processor is None):
                raise ValueError("method 'inference' needs model and pre_processor")
            return self


class ToTaskResult(BaseModel):
    """What a pre-annotation answers."""

    status: Literal["SUCCEEDED", "FAILED"]
    message: str
    total_tasks: int
    success_count: int
    failed_count: int
    #: `{"task_id": …, "error": …}` of each that failed.
    failures: list[dict[str, Any]] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """Which task."""

    task_id: int


@dataclass(frozen=True, slots=True)
class AnnotateTaskEvent:
    """What is recorded of one task, as the event `annotate_task_data`."""

    task_info: TaskInfo
    status: TaskProcessStatus
    method: ToTaskMethod
    #: Which task this is, from 1, and how many there are.
    index: int
    total: int
    #: When it ended.
    created: str
    error: str | None = None

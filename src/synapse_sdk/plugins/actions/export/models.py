"""`ExportParams`: what an export can be told.

Source: interface sheet `actions.md` §6.1. Unlike there, a filter without a scope is refused for every caller:
an empty one would export everything that the server has.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

#: What can be exported.
Target = Literal["assignment", "ground_truth", "task"]


def non_blank(value: str) -> str:
    """Return a text that has more in it than spaces, without those around it.

    Raises:
        ValueError: It has not.
    """
    if not value.strip():
        raise ValueError("must not be blank")
    return value.strip()


class ExportParams(BaseModel):
    """Params of an export."""

    name: Annotated[str, AfterValidator(non_blank)] = Field(description="Names the folder that is written")
    description: str | None = None
    storage: int = Field(description="Id of the storage to write to")
    save_original_file: bool = Field(default=True, description="Write the labelled files beside their labels")
    path: str = Field(description="Folder in the storage")
    target: Target = Field(description="What is exported")
    filter: dict[str, Any] = Field(description="Which of them; names a project or a ground truth version")
    extra_params: dict[str, Any] | None = Field(default=None, description="Params of the exporter's own")
    #: The vendor's servers may export by themselves from this many items on. Here the job always does it.
    async_job_size_threshold: int | None = None
    disable_async_delegate: bool | None = None

    @model_validator(mode="after")
    def _check_scope(self) -> ExportParams:
        from synapse_sdk.plugins.actions.export.handlers import TargetHandlerFactory

        handler = TargetHandlerFactory.get_handler(self.target)
        if (problem := handler.find_filter_problem(self.filter)) is not None:
            raise ValueError(problem)
        return self

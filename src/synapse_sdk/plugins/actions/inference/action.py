"""`BaseInferenceAction`: a model in, predictions out.

Source: plugin guide, "Available Base Classes"; interface sheet `actions.md` §3.1.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

from synapse_sdk.plugins.actions.workflow import WorkflowAction
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.inputs import describe_params, find_input_id, resolve_dataset

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.inference.context import InferenceContext
    from synapse_sdk.workspace import DatasetInfo, ModelInfo

P = TypeVar("P")


class InferenceProgressCategories:
    """Names of the steps of an inference."""

    MODEL_LOAD: Final = "model_load"
    INFERENCE: Final = "inference"
    POSTPROCESS: Final = "postprocess"


class BaseInferenceAction(WorkflowAction[P], Generic[P]):
    """An action that runs a model over data. Write `execute()`, or register steps in `setup_steps`."""

    category = PluginCategory.NEURAL_NET
    progress: ClassVar[InferenceProgressCategories] = InferenceProgressCategories()

    def execute(self) -> Any:
        """Predict, and return the result. May be `async`."""
        raise NotImplementedError(f"{type(self).__name__} defines neither execute() nor steps")

    def create_context(self) -> InferenceContext:
        """Make what the steps share."""
        from synapse_sdk.plugins.actions.inference.context import InferenceContext

        model_id = find_input_id(self.params, "model", "model_id", "checkpoint")
        return InferenceContext(self.ctx, params=describe_params(self.params), model_id=model_id)

    def describe_workflow(self, context: Any) -> dict[str, Any]:
        """Add what was processed."""
        return {"processed_count": context.processed_count, "results": context.results}

    @classmethod
    def input_references(cls, params: Any) -> list[tuple[str, int]]:
        """Name the model and the dataset that `params` point at."""
        found = (
            ("model", find_input_id(params, "model", "model_id", "checkpoint")),
            ("dataset", find_input_id(params, "dataset", "dataset_id")),
        )
        return [(kind, number) for kind, number in found if number is not None]

    def get_model(self, model_id: int) -> ModelInfo:
        """Return a model's record: `id`, `name`, `path` of its checked file, and what is known about it."""
        return self.ctx.workspace.get_model(model_id)

    def download_model(self, model_id: int, output_dir: str | Path | None = None) -> Path:
        """Return a local folder with the model's files; a copy in `output_dir` where that is given.

        Raises:
            WorkspaceError: The model is unknown, or its file is missing or changed.
        """
        source = Path(self.ctx.workspace.get_model(model_id)["path"])
        if output_dir is None:
            return source if source.is_dir() else source.parent
        import shutil

        folder = Path(output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, folder, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, folder / source.name)
        return folder

    def load_model(self, model_id: int) -> ModelInfo:
        """Return a model's record with the `path` of its checked file, ready for your framework to load."""
        return self.ctx.workspace.get_model(model_id)

    def get_dataset(self) -> DatasetInfo:
        """Return the dataset that the params name; see `BaseTrainAction.get_dataset`."""
        return resolve_dataset(self.ctx, self.params)

    def infer(self, model: Any, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Predict for a batch. Write it when your `execute()` wants to call it."""
        raise NotImplementedError(f"{type(self).__name__} does not define infer()")

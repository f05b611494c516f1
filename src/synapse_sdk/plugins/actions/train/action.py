"""`BaseTrainAction`: datasets and checkpoints in, models out.

Source: plugin guide, "Common Patterns"; interface sheet `actions.md` §2.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

from synapse_sdk.plugins.actions.workflow import WorkflowAction
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.inputs import describe_params, find_input_id, find_param, resolve_dataset
from synapse_sdk.plugins.result import enforce_result

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train.context import TrainContext
    from synapse_sdk.plugins.log_messages import LogMessageCode
    from synapse_sdk.plugins.steps import StepRegistry
    from synapse_sdk.wire.envelope import Envelope
    from synapse_sdk.workspace import DatasetInfo, ModelInfo, ModelOrigin

P = TypeVar("P")


class TrainProgressCategories:
    """Names of the steps of a training."""

    DATASET: Final = "dataset"
    TRAIN: Final = "train"
    MODEL_UPLOAD: Final = "model_upload"


class BaseTrainAction(WorkflowAction[P], Generic[P]):
    """An action that trains a model on a dataset.

    Write `execute(self)` and call the helpers yourself; or `execute(self, data_path, checkpoint)`, and the
    dataset is brought, and weights that the result names as `weights_path` are kept as a model, for you; or
    override `setup_steps`.

    With `is_tune` in its params it is a search: the same training, once for each draw of `hyperparameters`.
    """

    category = PluginCategory.NEURAL_NET
    progress: ClassVar[TrainProgressCategories] = TrainProgressCategories()
    #: Format that `execute(data_path, checkpoint)` wants its dataset in; None for as it is.
    target_format: ClassVar[str | None] = None

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Train. See the class for what it may take. May be `async`."""
        raise NotImplementedError(f"{type(self).__name__} defines neither execute() nor steps")

    def run(self) -> Any:
        """Train, and check the result; with `is_tune` in the params, search over their hyperparameters.

        What is known of a failure is told by its code, too.

        Raises:
            ParamsError: The search space or `tune_config` does not fit.
        """
        try:
            return self._search() if find_param(self.params, "is_tune") else super().run()
        except Exception as error:
            from synapse_sdk.plugins.actions.train.failure_classifier import classify_train_error

            code, values = classify_train_error(error)
            if code is not code.TRAIN_FAILED_ADMIN_CONTACT:  # the error itself says as much
                self.ctx.log_message(code, **values)
            raise

    def _search(self) -> Any:
        from synapse_sdk.plugins.actions.train.steps import (
            ConvertDatasetStep,
            ModelUploadStep,
            TuneDatasetStep,
            TuneTrialsStep,
        )
        from synapse_sdk.plugins.actions.train.tune.search import LocalSearch
        from synapse_sdk.plugins.steps import StepRegistry

        search = LocalSearch(self)
        registry: StepRegistry[Any] = StepRegistry()
        if type(self).execute is not BaseTrainAction.execute and _count_places(self.execute):
            registry.register(TuneDatasetStep(self))
            registry.register(ConvertDatasetStep(self.target_format))
        registry.register(TuneTrialsStep(search))
        registry.register(ModelUploadStep(self))  # skipped: each trial has kept its own
        return self.run_steps(registry)

    def run_trial(self, data_path: Path | None) -> tuple[Any, str | os.PathLike[str] | None]:
        """Train once, as one trial of a search: the author's own steps, else `execute`.

        Returns:
            What it returned, and where its weights lie, where there are some.
        """
        from synapse_sdk.plugins.actions.train.artifact import find_artifact
        from synapse_sdk.plugins.steps import StepRegistry

        registry: StepRegistry[Any] = StepRegistry()
        self.setup_steps(registry)
        try:
            result = self.run_steps(registry) if len(registry) else self.call_execute(data_path)
            return result, find_artifact(result)
        finally:
            self._end_autolog()

    def create_context(self) -> TrainContext:
        """Make what the steps share."""
        from synapse_sdk.plugins.actions.train.context import TrainContext

        return TrainContext(self.ctx, params=describe_params(self.params))

    def setup_own_steps(self, registry: StepRegistry[Any]) -> None:
        """Register what stands around an `execute` that takes a dataset."""
        if type(self).execute is BaseTrainAction.execute or not _count_places(self.execute):
            return
        from synapse_sdk.plugins.actions.train.steps import (
            ConvertDatasetStep,
            ExportDatasetStep,
            ModelUploadStep,
            TrainExecuteStep,
        )

        registry.register(ExportDatasetStep(self))
        registry.register(ConvertDatasetStep(self.target_format))
        registry.register(TrainExecuteStep(self))
        registry.register(ModelUploadStep(self))

    def call_execute(self, data_path: Path | None) -> Any:
        """Call `execute` with as many of (data_path, checkpoint) as it declares."""
        count = _count_places(self.execute)
        arguments = [data_path, self.get_checkpoint()] if count > 1 else [data_path]
        result = self.wait_for(self.execute(*arguments[:count]))
        # A strict result is held to its promise before a model is made of it.
        return enforce_result(result, type(self).result_model) if type(self).strict_result else result

    def describe_workflow(self, context: Any) -> dict[str, Any]:
        """Add the id of the model that was kept, and what a search found."""
        model = getattr(context, "model", None)
        found = getattr(context, "tune_result", None) or {}
        return {**found, "model_id": model["id"]} if model else dict(found)

    @classmethod
    def get_log_message_code_class(cls) -> type[LogMessageCode]:
        """Return `TrainLogMessageCode`."""
        from synapse_sdk.plugins.actions.train.log_messages import TrainLogMessageCode

        return TrainLogMessageCode

    @classmethod
    def input_references(cls, params: Any) -> list[tuple[str, int]]:
        """Name the dataset and the checkpoint that `params` point at."""
        found = (
            ("dataset", find_input_id(params, "dataset", "dataset_id")),
            ("model", find_input_id(params, "checkpoint")),
        )
        return [(kind, number) for kind, number in found if number is not None]

    def get_dataset(self) -> DatasetInfo:
        """Return the dataset of `params.dataset` (or `params.dataset_id`), its files checked to be unchanged.

        Returns:
            `id`, `name`, `path` (its folder), `splits` (name → `path` and `count`), `version` and `digest`.

        Raises:
            ExecutionError: The params name no dataset.
            WorkspaceError: It is unknown, its folder is gone, or its files are not what was registered.
        """
        return resolve_dataset(self.ctx, self.params)

    def get_checkpoint(self) -> dict[str, Any] | None:
        """Return the model to continue from, or None to start afresh.

        The submitter's choice (`ctx.checkpoint`) counts first, then `params.checkpoint`, a model's id.

        Returns:
            `id`, `name`, `path` (its file) and `category` ("base" for a pretrained model).

        Raises:
            WorkspaceError: The model is unknown, or its file is missing or changed.
        """
        if self.ctx.checkpoint is not None:
            return dict(self.ctx.checkpoint)
        number = find_input_id(self.params, "checkpoint")
        return None if number is None else {**self.ctx.workspace.get_model(number)}

    def create_model(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        description: str = "",
        metrics: Mapping[str, float] | None = None,
    ) -> ModelInfo:
        """Keep a trained model: its file, what it measured, and where it came from.

        Args:
            path: The model's file, or a folder of files. It is copied; yours stays.
            name: What people call it; the file's name unless given.
            description: One sentence about it.
            metrics: What it reached, by name.

        Returns:
            `id`, `name`, `path` (the kept copy), `digest`, `metrics` and more.

        Raises:
            WorkspaceError: There is no such file, or it could not be kept (a full disk, say).
        """
        path = Path(path)
        envelope = self.ctx.envelope
        return self.ctx.workspace.create_model(
            path,
            name=name or path.stem,
            description=description,
            metrics=metrics,
            parent_model_id=self._find_parent(),
            origin=None if envelope is None else _origin_of(envelope),
        )

    def _find_parent(self) -> int | None:
        """Return the id of the model that `get_checkpoint` gave, where it has one."""
        if self.ctx.checkpoint is None:
            return find_input_id(self.params, "checkpoint")
        number = self.ctx.checkpoint.get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            return None
        # A checkpoint that was handed in need not be one of this workspace's models.
        return None if self.ctx.workspace.find_input("model", number) is None else number

    def report_metrics(
        self, metrics: Mapping[str, float], *, epoch: int | None = None, category: str = "train"
    ) -> None:
        """Record numbers of one epoch under `category`.

        Args:
            metrics: The numbers. An `epoch` among them counts where none is given.
            epoch: Which one; 0 unless given.
            category: Such as "train" or "validation".
        """
        others = dict(metrics)
        own = others.pop("epoch", 0)
        number = own if epoch is None else epoch
        if others.keys() & {"category", "key", "value"}:  # arguments have these names; a number may, too
            self.set_metrics({"epoch": number, **others}, category)
        else:
            self.log_metric(category, "epoch", number, **others)

    def get_model(self, model_id: int) -> ModelInfo:
        """Return a kept model: `id`, `name`, `path` and what is known about it."""
        return self.ctx.workspace.get_model(model_id)


def _count_places(execute: Callable[..., Any]) -> int:
    """Count what may be passed by place, up to two."""
    kinds = [parameter.kind for parameter in inspect.signature(execute).parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return 2
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return min(sum(kind in places for kind in kinds), 2)


def _origin_of(envelope: Envelope) -> ModelOrigin:
    from synapse_sdk.workspace import ModelOrigin

    return ModelOrigin(
        job=envelope.job,
        attempt=envelope.attempt,
        action=envelope.action,
        plugin=envelope.plugin,
        inputs=envelope.inputs,
    )


def __getattr__(name: str) -> object:
    if name == "BaseTrainParams":  # where plugins from elsewhere look for it; not built unless somebody does
        from synapse_sdk.plugins.actions.train.params import BaseTrainParams

        return BaseTrainParams
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""`BaseExportAction`, `DefaultExportAction`, `ExportAction`: labels and files out of a server.

Source: plugin guide, "Available Base Classes"; interface sheet `actions.md` §6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic

from typing_extensions import TypeVar  # typing's takes a default from Python 3.13 on

from synapse_sdk.plugins.actions.export.models import ExportParams
from synapse_sdk.plugins.actions.workflow import WorkflowAction
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.errors import ExecutionError, StepError
from synapse_sdk.plugins.inputs import describe_params

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.export.context import ExportContext
    from synapse_sdk.plugins.actions.export.exporter import BaseExporter
    from synapse_sdk.plugins.log_messages import LogMessageCode
    from synapse_sdk.plugins.steps import StepRegistry

P = TypeVar("P")
E = TypeVar("E", bound=ExportParams, default=ExportParams)


class ExportProgressCategories:
    """Names of the steps of an export that is written by hand."""

    DATASET_CONVERSION: Final = "dataset_conversion"


class BaseExportAction(WorkflowAction[P], Generic[P]):
    """An action that exports. Write `execute()`, or register steps in `setup_steps`.

    Without code of your own, an exporter does: derive from `BaseExporter` and name it as the entrypoint.
    """

    category = PluginCategory.EXPORT
    progress: ClassVar[ExportProgressCategories] = ExportProgressCategories()

    def execute(self) -> Any:
        """Export, and return the result. May be `async`."""
        raise NotImplementedError(f"{type(self).__name__} defines neither execute() nor steps")

    def create_context(self) -> ExportContext:
        """Make what the steps share."""
        from synapse_sdk.plugins.actions.export.context import ExportContext

        return ExportContext(self.ctx, params=describe_params(self.params))

    def describe_workflow(self, context: Any) -> dict[str, Any]:
        """Add what was exported, and where to: `output_path` is the export's own folder."""
        root = context.path_root
        return {
            "exported_count": context.exported_count,
            "failed_count": context.failed_count,
            "total_count": context.total_count,
            "output_path": context.output_path,
            "path_root": None if root is None else str(root),
        }

    @classmethod
    def get_log_message_code_class(cls) -> type[LogMessageCode]:
        """Return `ExportLogMessageCode`."""
        from synapse_sdk.plugins.actions.export.log_messages import ExportLogMessageCode

        return ExportLogMessageCode

    def get_filtered_results(self, filters: Mapping[str, Any]) -> tuple[Iterable[dict[str, Any]], int]:
        """Return the records that a filter leaves, to be gone through once, and how many there are.

        Override it for records from elsewhere. As it is, it asks for what `params.target` names, assignments
        unless it names something.

        Raises:
            ExecutionError: The filter names no scope, or there is no server.
        """
        from synapse_sdk.plugins.actions.export.handlers import TargetHandlerFactory

        params = describe_params(self.params)
        handler = TargetHandlerFactory.get_handler(
            params.get("target") or "assignment", params.get("extra_params")
        )
        return handler.get_results(self.require_client("get_filtered_results()"), filters)

    def get_storage(self, storage_id: int) -> dict[str, Any]:
        """Return a storage, with how it is written to."""
        return dict(self.require_client("get_storage()").get_storage(storage_id))

    def get_project(self, project_id: int) -> dict[str, Any]:
        """Return a project."""
        return dict(self.require_client("get_project()").get_project(project_id))

    def get_project_configuration(self, project_id: int) -> dict[str, Any]:
        """Return what a project's people label, and how."""
        return dict(self.get_project(project_id).get("configuration") or {})


class DefaultExportAction(BaseExportAction[E], Generic[E]):
    """Exports in nine steps with the exporter that `entrypoint` names.

    Takes `ExportParams`, or what is derived from them and named in the brackets.
    """

    params_model = ExportParams
    #: A subclass of `BaseExporter`; as it is, what the server has is written.
    entrypoint: ClassVar[type[BaseExporter] | None] = None

    def setup_own_steps(self, registry: StepRegistry[Any]) -> None:
        """Register the nine steps."""
        from synapse_sdk.plugins.actions.export import steps
        from synapse_sdk.plugins.actions.export.exporter import BaseExporter

        for step in (
            steps.InitializeStep(),
            steps.FetchResultsStep(self.get_filtered_results),
            steps.PrepareExportStep(type(self).entrypoint or BaseExporter, self.get_filtered_results),
            steps.DelegateEnqueueStep(),
            steps.DelegateStreamProgressStep(),
            steps.BundleReadStep(),
            steps.ConvertDataStep(),
            steps.SaveFilesStep(),
            steps.FinalizeStep(),
        ):
            registry.register(step)

    def create_context(self) -> ExportContext:
        """Make what the steps share, with the handler of the target.

        Raises:
            ExecutionError: There is no server.
        """
        from synapse_sdk.plugins.actions.export.handlers import TargetHandlerFactory

        context = super().create_context()
        self.require_client("get_filtered_results()")  # told before anything is made
        context.config = dict(self.params.extra_params or {})
        context.handler = TargetHandlerFactory.get_handler(self.params.target, context.config)
        return context

    def describe_workflow(self, context: Any) -> dict[str, Any]:
        """Add what was exported, unless that is not all.

        Raises:
            ExecutionError: Some items could not be exported; the others are there.
        """
        from synapse_sdk.plugins.actions.export.ending import find_failure

        if (failure := find_failure(context)) is not None:
            raise failure
        return super().describe_workflow(context)

    def run(self) -> Any:
        """Run the steps; a failure is told by its code, too."""
        from synapse_sdk.plugins.actions.export.failure_classifier import (
            classify_export_error,
            extract_failed_step,
        )

        try:
            return super().run()
        except StepError as error:
            step = extract_failed_step(error) or ""
            self.ctx.log_message(classify_export_error(error), failed_step=step)
            raise


class ExportAction(DefaultExportAction[E], Generic[E]):
    """Exports in one go: lists, and lets the exporter do the rest by itself."""

    def setup_own_steps(self, registry: StepRegistry[Any]) -> None:
        """Register none: `execute()` is what is run."""

    def execute(self) -> dict[str, Any]:
        """List and export.

        Returns:
            `export_path`, and `exported_count`, `failed_count`, `total_count`.

        Raises:
            ExecutionError: Some items could not be exported; the others are there.
        """
        from synapse_sdk.plugins.actions._storage import find_storage_root, open_storage
        from synapse_sdk.plugins.actions.export.exporter import BaseExporter
        from synapse_sdk.plugins.actions.export.handlers import TargetHandlerFactory
        from synapse_sdk.plugins.actions.export.storage_folder import make_path_in_storage

        handler = TargetHandlerFactory.get_handler(self.params.target, self.params.extra_params)
        handler.validate_filter(self.params.filter)
        root = find_storage_root(
            open_storage(self.require_client("get_storage()"), self.params.storage, "write")
        )
        results, count = self.get_filtered_results(self.params.filter)
        folder = make_path_in_storage(root, self.params.path)
        params = {**describe_params(self.params), **(self.params.extra_params or {})}
        kind = type(self).entrypoint or BaseExporter
        exporter = kind(self.ctx, handler.get_export_item(results), folder, **params)
        exporter.handler, exporter.total_count = handler, count
        return exporter.export()


def build_export_action(exporter: type[BaseExporter], name: str | None) -> type[DefaultExportAction]:
    """Return an action that exports with `exporter`: what an entrypoint becomes that names one.

    Raises:
        ExecutionError: It is no exporter.
    """
    if not isinstance(exporter, type):
        raise ExecutionError(f"{exporter!r} is no exporter.")
    members = {
        "__doc__": exporter.__doc__,
        "__module__": exporter.__module__,
        "action_name": name,
        "entrypoint": exporter,
        "params_model": getattr(exporter, "params_model", None) or ExportParams,
    }
    return type(exporter.__name__, (DefaultExportAction,), members)

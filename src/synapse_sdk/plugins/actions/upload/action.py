"""`BaseUploadAction`, `DefaultUploadAction`: a folder's files into a data collection.

Source: plugin guide, "Available Base Classes"; interface sheet `actions.md` §7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic

from pydantic import BaseModel, Field
from typing_extensions import TypeVar  # typing's takes a default from Python 3.13 on

from synapse_sdk.plugins.actions.upload.import_log import LOST_FILES_LOG_LIMIT
from synapse_sdk.plugins.actions.upload.models import UploadParams
from synapse_sdk.plugins.actions.workflow import WorkflowAction
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.inputs import describe_params

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.upload.context import UploadContext
    from synapse_sdk.plugins.log_messages import LogMessageCode
    from synapse_sdk.plugins.steps import StepRegistry

P = TypeVar("P")
U = TypeVar("U", bound=UploadParams, default=UploadParams)


class UploadProgressCategories:
    """Names of the steps of an upload that is written by hand."""

    INITIALIZE: Final = "initialize"
    VALIDATE: Final = "validate"
    UPLOAD: Final = "upload"
    CLEANUP: Final = "cleanup"


class UploadResult(BaseModel):
    """What an upload answers."""

    success: bool
    steps_executed: int
    steps_total: int
    uploaded_files: int = Field(description="Files that are part of a data unit now")
    data_units: int = Field(description="Data units that were made")
    skipped_files: int = Field(default=0, description="Files that were there already, or nobody's")
    partial_failure: bool = False
    lost_files_count: int = Field(default=0, description="Files that were found and not imported")
    lost_files: list[str] = Field(default_factory=list, description="Up to 100 of them")


class BaseUploadAction(WorkflowAction[P], Generic[P]):
    """An action that uploads. Write `execute()`, or register steps in `setup_steps`.

    `DefaultUploadAction` is one that is complete.
    """

    category = PluginCategory.UPLOAD
    progress: ClassVar[UploadProgressCategories] = UploadProgressCategories()

    def execute(self) -> Any:
        """Upload, and return the result. May be `async`."""
        raise NotImplementedError(f"{type(self).__name__} defines neither execute() nor steps")

    def get_allowed_extensions(self) -> dict[str, list[str]] | None:
        """Return the endings that may be uploaded by type of file: `{"image": [".png"]}`.

        A type that is not in it takes none; None takes all that the collection does.
        """
        return None

    def get_strategies(self) -> dict[str, Any]:
        """Return strategies of the plugin's own, by what they decide; those of the SDK decide the rest.

        `validation`, `file_discovery`, `metadata`, `upload`, `data_unit`: each a class, or an object.
        """
        return {}

    def create_context(self) -> UploadContext:
        """Make what the steps share."""
        from synapse_sdk.plugins.actions.upload.context import UploadContext

        return UploadContext(
            self.ctx,
            params=describe_params(self.params),
            allowed_extensions=self.get_allowed_extensions(),
            found=self.params.found if isinstance(self.params, UploadParams) else {},
            unknown_params=self._find_unknown_params(),
            strategies=dict(self.get_strategies()),
        )

    def _find_unknown_params(self) -> list[str]:
        """Name what was given besides the fields of the params model."""
        if isinstance(self.params, BaseModel):
            return sorted(self.params.model_extra or ())
        return sorted(describe_params(self.params).keys() - UploadParams.model_fields.keys())

    def describe_workflow(self, context: Any) -> dict[str, Any]:
        """Add what was uploaded."""
        from synapse_sdk.plugins.actions.upload.enums import ImportStatus

        lost = context.lost_files
        return {
            "uploaded_files": context.import_log.count(ImportStatus.SUCCESS),
            "data_units": len(context.data_units),
            "skipped_files": context.import_log.count(ImportStatus.SKIPPED),
            "partial_failure": bool(lost),
            "lost_files_count": len(lost),
            "lost_files": lost[:LOST_FILES_LOG_LIMIT],
        }

    @classmethod
    def get_log_message_code_class(cls) -> type[LogMessageCode]:
        """Return `UploadLogMessageCode`."""
        from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode

        return UploadLogMessageCode


class DefaultUploadAction(BaseUploadAction[U], Generic[U]):
    """Uploads in eight steps. Every file that it finds ends in an entry: imported, skipped, or failed.

    Takes `UploadParams`, or what is derived from them and named in the brackets.
    """

    params_model = UploadParams
    result_model = UploadResult

    def setup_own_steps(self, registry: StepRegistry[Any]) -> None:
        """Register the eight steps."""
        from synapse_sdk.plugins.actions.upload import steps

        self.require_client("get_storage()")  # told before anything is read
        for step in (
            steps.InitializeStep(),
            steps.ProcessMetadataStep(),
            steps.AnalyzeCollectionStep(),
            steps.OrganizeFilesStep(),
            steps.ValidateFilesStep(),
            steps.UploadFilesStep(),
            steps.GenerateDataUnitsStep(),
            steps.CleanupStep(),
        ):
            registry.register(step)

    def create_context(self) -> UploadContext:
        """Make what the steps share; kept, for an upload that ends early has entries, too."""
        self._context = super().create_context()
        return self._context

    def run_steps(self, registry: StepRegistry[Any]) -> Any:
        """Run them; whatever happens, what became of each file is told."""
        from synapse_sdk.plugins.actions.upload.import_report import report_imports

        try:
            return super().run_steps(registry)
        finally:  # Ctrl-C, too; after the last step it has been told already
            report_imports(self._context)

    def describe_workflow(self, context: Any) -> dict[str, Any]:
        """Add what was uploaded, unless that is not all.

        Raises:
            UploadError: Some files were not imported; the others are there.
        """
        from synapse_sdk.plugins.actions.upload.import_report import find_failure

        result = super().describe_workflow(context)
        if (failure := find_failure(context, result)) is not None:
            raise failure
        return result

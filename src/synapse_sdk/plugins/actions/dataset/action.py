"""`DatasetAction`: a dataset into a folder.

Source: plugin guide, "Available Base Classes"; interface sheet `actions.md` §5. Its weak spots 5, 6 and 7 of
§15 are not ours: labels are written as the server has them, a copy is taken again only while the server has
nothing newer, and whatever could not be had is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from typing_extensions import TypeVar  # typing's takes a default from Python 3.13 on

from synapse_sdk.plugins.actions.dataset.models import DatasetOperation, DatasetParams, DatasetResult
from synapse_sdk.plugins.actions.workflow import WorkflowAction
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.inputs import find_input_id
from synapse_sdk.plugins.types import YOLODataset

if TYPE_CHECKING:
    from synapse_sdk.plugins.log_messages import LogMessageCode
    from synapse_sdk.workspace import DatasetInfo

__all__ = ["DatasetAction", "DatasetOperation", "DatasetParams", "DatasetResult"]


P = TypeVar("P", bound=DatasetParams, default=DatasetParams)


class DatasetAction(WorkflowAction[P], Generic[P]):
    """Brings a dataset here. Use it as it is, or derive from it and call `download()`.

    Takes `DatasetParams`, or what is derived from them and named in the brackets.
    """

    params_model = DatasetParams
    category = PluginCategory.NEURAL_NET
    output_type = YOLODataset
    result_model = DatasetResult

    def execute(self) -> DatasetResult:
        """Do what `params.operation` says."""
        return self.convert() if self.params.operation is DatasetOperation.CONVERT else self.download()

    def download(self) -> DatasetResult:
        """Bring the dataset of the params here: the workspace's of that id, else the server's ground truths.

        Raises:
            ExecutionError: The params name none, ask for a conversion as well, or something could not be had;
                what could be is kept, and each failure is in a list beside it.
            WorkspaceError: The workspace's files are missing or changed.
            ClientError: The server can not be reached, or refuses.
        """
        if self.params.target_format is not None:
            raise self._refuse_conversion()
        if self.params.dataset is None:
            raise ExecutionError(
                "There is nothing to download: the params have no `dataset`.",
                hint="Pass an id that `synapse dataset list` shows, or that of a ground truth version.",
            )
        registered = self._find_registered(self.params.dataset)
        if registered is not None:
            from synapse_sdk.plugins.actions.dataset.registered import bring_registered

            return bring_registered(self.ctx, self.params, registered)
        return self._bring_ground_truths(self.params.dataset)

    def convert(self) -> DatasetResult:
        """Write a dataset in another format. Not in this version.

        Raises:
            ExecutionError: Always.
        """
        raise self._refuse_conversion()

    @classmethod
    def input_references(cls, params: Any) -> list[tuple[str, int]]:
        """Name the dataset that `params` point at."""
        number = find_input_id(params, "dataset")
        return [] if number is None else [("dataset", number)]

    @classmethod
    def get_log_message_code_class(cls) -> type[LogMessageCode]:
        """Return `DatasetLogMessageCode`."""
        from synapse_sdk.plugins.actions.dataset.log_messages import DatasetLogMessageCode

        return DatasetLogMessageCode

    def _find_registered(self, dataset_id: int) -> DatasetInfo | None:
        from synapse_sdk.workspace.errors import NotFoundError

        try:
            return self.ctx.workspace.get_dataset(dataset_id)
        except NotFoundError:
            if self.ctx.client is None:
                raise
            return None

    def _bring_ground_truths(self, version: int) -> DatasetResult:
        from synapse_sdk.clients.errors import NotFoundError
        from synapse_sdk.plugins.actions.dataset.ground_truths import bring_ground_truths

        try:
            return bring_ground_truths(self.ctx, self.require_client("download()"), self.params)
        except ExecutionError as error:
            if not isinstance(error.__cause__, NotFoundError):
                raise
            raise ExecutionError(
                f"There is no dataset {version} in the workspace, and this server has no ground truths.",
                {"dataset": version},
                hint="`synapse dataset list` shows the workspace's.",
            ) from error

    def _refuse_conversion(self) -> ExecutionError:
        target = self.params.target_format
        return ExecutionError(
            f"target_format is {target!r}, and this version converts no datasets; a later one will."
            if target is not None
            else "operation is 'convert', and this version converts no datasets; a later one will.",
            {"operation": str(self.params.operation), "target_format": target},
            hint="Download with target_format = None, and convert in code of your own.",
        )

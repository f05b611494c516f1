"""First: the storage, the project, and the folder."""

from __future__ import annotations

from synapse_sdk.plugins.actions._storage import find_storage_root, open_storage
from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode
from synapse_sdk.plugins.actions.upload.source_folder import check_apart, find_folder
from synapse_sdk.plugins.actions.upload.strategies.choice import choose_strategy, require_valid
from synapse_sdk.plugins.actions.upload.strategies.validation import DefaultValidationStrategy
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class InitializeStep(BaseStep[UploadContext]):
    """Finds what the params name, before anything is read."""

    name = "initialize"
    progress_weight = 0.05
    progress_proportion = 1

    def execute(self, context: UploadContext) -> StepResult:
        """Find it."""
        params = context.params
        if context.unknown_params:
            unknown = ", ".join(context.unknown_params)
            context.log_message(f"Params that an upload does not know: {unknown}.", "warning")
        if (count := context.get_param("upload_ray_workers", 1)) > 1:
            text = f"upload_ray_workers is {count}; this version uses no Ray, and the upload runs here alone."
            context.log_message(text, "warning")
        strategy = choose_strategy(context, "validation", DefaultValidationStrategy)
        require_valid(context, strategy.validate_params(params), "params")
        context.import_log.request_id = context.runtime_ctx.job_id
        context.storage = open_storage(
            context.client, params["storage"], "read", known=context.found.get("storage")
        )
        root = find_storage_root(context.storage)
        if params["use_single_path"]:
            context.pathlib_cwd = find_folder(root, params["path"])
        else:
            check_apart(root, params["assets"])
        if params["project"] is not None:
            context.project = context.found.get("project") or dict(
                context.client.get_project(params["project"])
            )
        context.log_message(UploadLogMessageCode.UPLOAD_INITIALIZED)
        return StepResult()

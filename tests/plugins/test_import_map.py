"""Paths and names of the interface sheet (`core.md`, Appendix A) that plugins from elsewhere import."""

from __future__ import annotations

from importlib import import_module

import pytest

import synapse_sdk.plugins as door
from synapse_sdk.plugins import utils
from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.plugins.enums import RunMethod

RESULTS = ("ExportResult", "InferenceResult", "MetricsResult", "TrainResult", "UploadResult", "WeightsResult")
STEPS = ("LoggingStep", "TimingStep", "ValidationStep")
DATASET_STEPS = ("ConvertDatasetStep", "ExportDatasetStep")
FORMS = ("get_action_ui_schema", "pydantic_to_ui_schema")
UPLOAD_STEPS = (
    "AnalyzeCollection",
    "Cleanup",
    "GenerateDataUnits",
    "Initialize",
    "OrganizeFiles",
    "ProcessMetadata",
    "UploadFiles",
    "ValidateFiles",
)
SERVING = (
    "BaseDeploymentAction",
    "BaseServeDeployment",
    "DeploymentContext",
    "DeploymentProgressCategories",
    "create_serve_multiplexed_model_id",
)
AUTO_LABEL = ("AutoLabelParams", "AutoLabelProgressCategories", "AutoLabelResult", "BaseAutoLabelAction")
DATASETS = ("DatasetAction", "DatasetOperation", "DatasetParams", "DatasetResult")
HANDLERS = (
    "AssignmentExportTargetHandler",
    "ExportTargetHandler",
    "GroundTruthExportTargetHandler",
    "TargetHandlerFactory",
    "TaskExportTargetHandler",
)
TO_TASK = (
    "AnnotateTaskEvent",
    "TaskInfo",
    "TaskProcessStatus",
    "ToTaskAction",
    "ToTaskMethod",
    "ToTaskParams",
    "ToTaskResult",
)
CHECKSUMS = (
    "calculate_checksums_parallel",
    "deduplicate_by_checksum",
    "filter_existing_checksums",
    "verify_checksums_batch",
)
LOGGERS = (
    "BackendLogger",
    "BaseLogger",
    "ConsoleLogger",
    "JobLogger",
    "LogEntry",
    "LoggerBackend",
    "MessageLogData",
    "NoOpLogger",
    "ProgressData",
    "TqdmLogger",
)
GROUPS = ("apply_group_name", "normalize_groups")
ACTION_REGISTRY = ("ActionRegistry", "ActionSpec", "ActionType", "get_action_registry")
ARCHIVE = (
    "ArchiveFilter",
    "ProgressCallback",
    "create_archive",
    "create_archive_from_git",
    "extract_archive",
    "get_archive_size",
    "list_archive_contents",
)
FILE_IO = (
    "DEFAULT_MAX_TEMP_FILES",
    "cleanup_stale_tmp_dirs",
    "decode_base64_data",
    "evict_temp_dirs",
    "evict_temp_files",
    "get_dict_from_file",
    "get_temp_path",
    "is_base64_data",
    "protect_temp_file",
    "protect_temp_files",
    "unprotect_temp_file",
)
DOWNLOADS = (
    "adownload_file",
    "afiles_url_to_path",
    "afiles_url_to_path_from_objs",
    "download_file",
    "files_url_to_path",
    "files_url_to_path_from_objs",
)
CONTENT_GUARD = (
    "ContentFinding",
    "ContentRule",
    "UnsafeFileContentError",
    "ensure_safe",
    "ensure_safe_bytes",
    "inspect_bytes",
    "inspect_file",
)
FILE_UPLOAD = (
    "FileProcessingError",
    "FileTuple",
    "FileUploadError",
    "FileValidationError",
    "FilesDict",
    "RequestsFile",
    "close_file_handles",
    "process_files_for_upload",
)
#: Module → names. What is to come with the rest of the author API is not listed yet.
SURFACE: dict[str, tuple[str, ...]] = {
    "plugins": (
        *RESULTS,
        *STEPS,
        *FORMS,
        *SERVING,
        "BaseAction",
        "BaseExportAction",
        "ExportProgressCategories",
        "BaseTrainAction",
        "BaseUploadAction",
        "ExportContext",
        "TrainContext",
        "UploadContext",
        "UploadProgressCategories",
        "run_plugin",
        "action",
    ),
    "plugins.action_registry": ACTION_REGISTRY,
    "plugins.actions": (
        *ACTION_REGISTRY,
        *AUTO_LABEL,
        *SERVING,
        "BaseExportAction",
        "BaseInferenceAction",
        "BaseTrainAction",
        *DATASETS,
        "DefaultExportAction",
        "ExportContext",
        "InferenceContext",
        "InferenceProgressCategories",
        "ToTaskAction",
        "ToTaskContext",
        "ToTaskMethod",
        "ToTaskParams",
        "ToTaskResult",
        "TrainContext",
        "BaseUploadAction",
        "UploadContext",
    ),
    "plugins.pipelines": (
        "ActionPipeline",
        "ActionProgress",
        "ActionStatus",
        "BaseStep",
        "BaseStepContext",
        "Checkpoint",
        "LogEntry",
        "LogLevel",
        "LoggingStep",
        "Orchestrator",
        "PipelineContext",
        "PipelineProgress",
        "RunStatus",
        "SchemaIncompatibleError",
        "StepRegistry",
        "StepResult",
        "TimingStep",
        "ValidationStep",
        "display_progress",
        "print_progress_summary",
    ),
    "plugins.pipelines.models": ("ActionStatus", "PipelineProgress", "RunStatus"),
    "plugins.pipelines.display": ("display_progress", "display_progress_async", "print_progress_summary"),
    "plugins.testing": (
        "ConvertAction",
        "DownloadAction",
        "FakeBackend",
        "RecordingContext",
        "RecordingSink",
        "Step1Params",
        "Step1Result",
        "TrainAction",
    ),
    "plugins.testing.sample_actions": ("ConvertAction", "DownloadAction", "Step3Result", "TrainAction"),
    "loggers": LOGGERS,
    "plugins.enums": ("ACTION_DEFAULT_METHODS", "ContainerKind", "RunMethod"),
    "plugins.errors": ("GitHubArchiveError",),
    "plugins.executors": ("ExecutorProtocol", "LocalExecutor"),
    "plugins.actions.train": ("BaseTrainAction", "BaseTrainParams", "TrainContext", "TrainLogMessageCode"),
    "utils": ("get_best_gpu", "non_blank"),
    "utils.agent": ("create_agent_client", "create_agent_client_for"),
    "utils.auth": (
        "CONFIG_FILE",
        "Credentials",
        "DEFAULT_HOST",
        "ENV_SYNAPSE_ACCESS_TOKEN",
        "ENV_SYNAPSE_HOST",
        "ENV_SYNAPSE_PLUGIN_RUN_URL_HOST",
        "RuntimeClients",
        "build_runtime_clients",
        "create_backend_client",
        "create_backend_client_v2",
        "create_backend_v2_client",
        "load_credentials",
    ),
    "utils.websocket": ("http_to_ws_url", "stream_websocket", "stream_websocket_logs"),
    "utils.gpu": ("get_best_gpu",),
    "utils.network": (
        "StreamLimits",
        "http_to_websocket_url",
        "sanitize_error_message",
        "validate_resource_id",
        "validate_timeout",
    ),
    "utils.quaternion": (
        "CANONICAL_W_EPSILON",
        "QUATERNION_KEYS",
        "euler_to_quaternion",
        "is_quaternion_rotation",
        "normalize_quaternion",
        "quaternion_to_euler",
    ),
    "utils.redaction": ("redact_auth_header", "redact_text", "redact_url", "sanitize_exception"),
    "utils.datetime": ("utcnow", "utcnow_iso"),
    "utils.file": (
        *ARCHIVE,
        *FILE_IO,
        *DOWNLOADS,
        *CONTENT_GUARD,
        *FILE_UPLOAD,
        "calculate_checksum",
        "read_requirements",
        "verify_checksum",
    ),
    "utils.file.archive": ARCHIVE,
    "utils.file.upload": FILE_UPLOAD,
    "utils.file.content_guard": CONTENT_GUARD,
    "utils.file.download": (*DOWNLOADS, "download_json"),
    "utils.file.io": (*FILE_IO, "DEFAULT_CHUNK_SIZE", "convert_file_to_base64", "read_file_in_chunks"),
    "utils.file.retry": ("streaming_download",),
    "utils.file.checksum": (
        "DEFAULT_CHUNK_SIZE",
        "HashAlgorithm",
        "calculate_checksum",
        "calculate_checksum_from_bytes",
        "calculate_checksum_from_file_object",
        "verify_checksum",
    ),
    "utils.file.requirements": ("read_requirements",),
    "utils.validation": ("validate_params",),
    "utils.validators": ("non_blank",),
    "plugins.config_sync": (
        "ConfigSyncer",
        "EntrypointSyncer",
        "HyperparametersSyncer",
        "MethodSyncer",
        "TypesSyncer",
        "UPLOAD_GROUP_NAME_FIELD",
        "UploadGroupNameSyncer",
        "get_default_syncers",
        "sync_action_config",
    ),
    "plugins.upload": (
        "ArchivedPlugin",
        "BuildConfig",
        "PackageManager",
        "UploadProgressCallback",
        "UploadStage",
        "archive_and_upload",
        "archive_plugin",
        "build_and_upload",
        "download_and_upload",
        "modify_wheel_build_tag",
    ),
    "plugins.manifest": (
        "CodeServerSpec",
        "ContainerSpec",
        "HealthcheckSpec",
        "ManifestError",
        "PluginEntry",
        "PluginManifest",
        "PluginManifestContainerConfig",
        "ResolveError",
        "ResolvedPlugin",
        "ResourceSpec",
        "load_manifest",
        "resolve_entry",
        "resolve_manifest",
    ),
    "plugins.templates": ("TEMPLATES_DIR", "get_template_dir"),
    "plugins.version": ("VersionResolver",),
    "plugins.models": ("LogEntry", "LogLevel", "LoggerBackend", "ProgressData", "RunStatus"),
    "plugins.models.logger": (
        "ActionProgress",
        "LogEntry",
        "LogLevel",
        "LoggerBackend",
        "MessageLogData",
        "PipelineProgress",
        "ProgressData",
    ),
    "plugins.models.pipeline": ("ActionStatus", "RunStatus"),
    "plugins.actions.upload": (
        *(f"{name}Step" for name in UPLOAD_STEPS),
        "AssetConfig",
        "BaseUploadAction",
        "DefaultUploadAction",
        "ExcelParsingError",
        "ExcelSecurityError",
        "FileProcessingError",
        "FileUploadError",
        "FileValidationError",
        "UploadContext",
        "UploadError",
        "UploadLogMessageCode",
        "UploadParams",
        "UploadStatus",
        "VALIDATION_ERROR_MESSAGES",
        "ValidationErrorCode",
    ),
    "plugins.actions.upload.action": ("BaseUploadAction", "DefaultUploadAction", "LOST_FILES_LOG_LIMIT"),
    "plugins.actions.upload.context": ("UploadContext",),
    "plugins.actions.upload.enums": (
        "IMPORT_FAILURE_MESSAGES",
        "ImportFailureCode",
        "UploadStatus",
        "VALIDATION_ERROR_MESSAGES",
        "ValidationErrorCode",
    ),
    "plugins.actions.upload.params": ("EXTRA_PARAMS_KEY", "read_param"),
    "plugins.actions.upload.utils": (*CHECKSUMS, *GROUPS),
    "plugins.actions.upload.utils.checksum": CHECKSUMS,
    "plugins.actions.upload.utils.groups": GROUPS,
    "plugins.actions.upload.exceptions": ("UploadError", "FileUploadError"),
    "plugins.actions.upload.models": ("AssetConfig", "ImportResultEntry", "UploadParams"),
    "plugins.actions.upload.steps": tuple(f"{name}Step" for name in UPLOAD_STEPS),
    "plugins.actions.upload.steps.upload": ("DATA_FILES_METRICS_STEP", "UploadFilesStep"),
    "plugins.actions.upload.steps.generate": ("DATA_UNITS_METRICS_STEP", "GenerateDataUnitsStep"),
    "plugins.actions.add_task_data": (
        "AddTaskDataAction",
        "AddTaskDataContext",
        "AddTaskDataMethod",
        "AddTaskDataParams",
        "AddTaskDataProgressCategories",
        "AddTaskDataResult",
    ),
    "plugins.actions.auto_label": AUTO_LABEL,
    "plugins.actions.auto_label.action": AUTO_LABEL,
    "plugins.actions.dataset": (*DATASETS, "DatasetLogMessageCode"),
    "plugins.actions.dataset.action": DATASETS,
    "plugins.actions.dataset.log_messages": ("DatasetLogMessageCode",),
    "plugins.actions.export": (
        *HANDLERS,
        "BaseExportAction",
        "BaseExporter",
        "DefaultExportAction",
        "ExportAction",
        "ExportContext",
        "ExportLogMessageCode",
        "ExportParams",
        "ExportStatus",
        "ExporterRunAdapter",
        "MetricsRecord",
    ),
    "plugins.actions.export.action": ("BaseExportAction", "DefaultExportAction", "ExportAction", "P"),
    "plugins.actions.export.context": ("ExportContext", "is_delegated", "is_sharded"),
    "plugins.actions.export.enums": ("ExportStatus",),
    "plugins.actions.export.exporter": ("BaseExporter", "ExporterRunAdapter", "MetricsRecord"),
    "plugins.actions.export.failure_classifier": ("classify_export_error", "extract_failed_step"),
    "plugins.actions.export.handlers": (
        *HANDLERS,
        "ASSIGNMENT_EXPORT_FILTER_KEYS",
        "COMMON_EXPORT_FILTER_KEYS",
        "EXPORT_PAYLOAD_MAX_REISSUES",
        "GROUND_TRUTH_EXPORT_FILTER_KEYS",
        "TASK_EXPORT_FILTER_KEYS",
    ),
    "plugins.actions.export.log_messages": ("ExportLogMessageCode",),
    "plugins.actions.export.models": ("ExportParams", "non_blank"),
    "plugins.actions.export.report": (
        "CSV_FILE_NAME",
        "CSV_HEADER",
        "ExportReport",
        "JSON_FILE_NAME",
        "OUTCOMES",
        "OUTCOME_LABELS_KO",
        "ReportFile",
        "SCHEMA_VERSION",
    ),
    "plugins.actions.export.steps": (
        "BundleReadStep",
        "ConvertDataStep",
        "DelegateEnqueueStep",
        "DelegateStreamProgressStep",
        "FetchResultsStep",
        "FinalizeStep",
        "InitializeStep",
        "PrepareExportStep",
        "SaveFilesStep",
    ),
    "plugins.actions.export.steps.initialize": (
        "InitializeStep",
        "create_unique_export_path",
        "setup_output_directories",
    ),
    "plugins.actions.export.steps.save_files": ("EXPORT_MAX_RESUMES", "SaveFilesStep"),
    "plugins.actions.inference": (
        *SERVING,
        "BaseInferenceAction",
        "InferenceContext",
        "InferenceProgressCategories",
    ),
    "plugins.actions.inference.context": ("DeploymentContext", "InferenceContext"),
    "plugins.actions.inference.deployment": ("BaseDeploymentAction", "DeploymentProgressCategories", "P"),
    "plugins.actions.inference.serve": ("BaseServeDeployment", "create_serve_multiplexed_model_id"),
    "plugins.actions.inference.deferred": (
        "DEFERRED_ENVELOPE_KEY",
        "POLL_REQUEST_KEY",
        "STATUS_FAILED",
        "STATUS_NOT_FOUND",
        "STATUS_PENDING",
        "TicketStore",
        "extract_ticket",
        "failed_envelope",
        "is_deferred_envelope",
        "is_pending",
        "is_poll_request",
        "not_found_envelope",
        "pending_envelope",
    ),
    "plugins.actions.to_task": (*TO_TASK, "ToTaskContext", "ToTaskLogMessageCode"),
    "plugins.actions.to_task.action": TO_TASK,
    "plugins.actions.to_task.context": ("ToTaskContext",),
    "plugins.actions.to_task.log_messages": ("ToTaskLogMessageCode",),
    "plugins.actions.to_task.steps": (
        "AnnotateTaskDataStep",
        "FetchTasksStep",
        "FinalizeStep",
        "InitializeStep",
        "PrepareStep",
    ),
    "plugins.actions.to_task.steps.annotate_task_data": (
        "AnnotateTaskDataStep",
        "POLL_REQUEST_KEY",
        "STATUS_FAILED",
        "STATUS_NOT_FOUND",
    ),
    "plugins.schemas": RESULTS,
    "plugins.schemas.results": RESULTS,
    "plugins.steps": (
        *STEPS,
        *DATASET_STEPS,
        "BaseStep",
        "BaseStepContext",
        "Orchestrator",
        "StepRegistry",
        "StepResult",
    ),
    "plugins.steps.dataset": DATASET_STEPS,
    "plugins.actions.train.steps": (
        *DATASET_STEPS,
        "ModelUploadStep",
        "TrainExecuteStep",
        "TuneDatasetStep",
        "TuneTrialsStep",
    ),
    "plugins.actions.train.failure_classifier": ("classify_train_error", "extract_failed_step"),
    "plugins.actions.train.steps.tune_dataset": ("TuneDatasetStep",),
    "plugins.actions.train.steps.tune_trials": ("TuneTrialsStep",),
    "plugins.actions.train.steps.convert_dataset": ("ConvertDatasetStep",),
    "plugins.actions.train.steps.export_dataset": ("ExportDatasetStep",),
    "plugins.actions.train.steps.model_upload": ("ModelUploadStep",),
    "plugins.actions.train.steps.train_execute": ("TrainExecuteStep",),
    "plugins.steps.base": ("BaseStep", "StepResult"),
    "plugins.steps.context": ("BaseStepContext",),
    "plugins.steps.orchestrator": ("Orchestrator",),
    "plugins.steps.registry": ("StepRegistry",),
    "plugins.steps.utils": STEPS,
    "plugins.steps.utils.logging": ("LoggingStep",),
    "plugins.steps.utils.timing": ("TimingStep",),
    "plugins.steps.utils.validation": ("ValidationStep",),
    "plugins.utils": (
        *FORMS,
        "get_action_config",
        "get_action_method",
        "get_plugin_actions",
        "read_requirements",
    ),
    "integrations": ("autolog", "disable_autolog", "list_integrations"),
    "integrations.ultralytics": ("UltralyticsIntegration",),
    "i18n": ("LocalizedMessage", "Translator", "get_language", "get_translator", "set_language", "translate"),
    "exceptions": ("AuthenticationError", "ClientError", "HTTPError", "raise_for_status"),
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module in SURFACE for name in SURFACE[module]]
)
def test_a_name_is_where_the_sheet_says(module: str, name: str) -> None:
    assert getattr(import_module(f"synapse_sdk.{module}"), name) is not None


@pytest.mark.parametrize("name", [*RESULTS, *STEPS])
def test_every_path_leads_to_the_same_thing(name: str) -> None:
    homes = [module for module in SURFACE if name in SURFACE[module]]

    assert {getattr(import_module(f"synapse_sdk.{module}"), name) for module in homes} == {
        getattr(door, name)
    }


def test_an_upload_s_own_result_is_another_than_that_of_the_schemas() -> None:
    own = import_module("synapse_sdk.plugins.actions.upload").UploadResult

    assert own is import_module("synapse_sdk.plugins.actions.upload.action").UploadResult
    assert own is not door.UploadResult
    assert import_module("synapse_sdk.plugins.upload").UploadResult not in (own, door.UploadResult)


DOCUMENT = {
    "name": "Small",
    "code": "small",
    "version": "0.1.0",
    "category": "custom",
    "actions": {
        "go": {"entrypoint": "plugin.go:Go"},
        "serve": {"entrypoint": "plugin.go:Serve", "method": "serve"},
    },
}


@pytest.mark.parametrize("config", [DOCUMENT, PluginConfig.model_validate(DOCUMENT)], ids=["dict", "model"])
def test_a_config_is_asked_for_its_actions(config: object) -> None:
    assert utils.get_plugin_actions(config) == ["go", "serve"]  # type: ignore[arg-type]
    assert utils.get_action_method(config, "go") is RunMethod.TASK  # type: ignore[arg-type]
    assert utils.get_action_method(config, "serve") is RunMethod.SERVE  # type: ignore[arg-type]
    assert utils.get_action_config(config, "go")["entrypoint"] == "plugin.go:Go"  # type: ignore[arg-type]
    with pytest.raises(KeyError, match=r"Action not found: gone\. This plugin has go, serve\."):
        utils.get_action_method(config, "gone")  # type: ignore[arg-type]

"""Paths and names of the interface sheet (`core.md`, Appendix A) that plugins from elsewhere import."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest
from tests.plugins.scripts import say, write_files

import synapse_sdk
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
STRATEGIES = (
    "BatchDataUnitStrategy",
    "CsvMetadataStrategy",
    "DataUnitStrategy",
    "DefaultValidationStrategy",
    "ExcelMetadataStrategy",
    "FileDiscoveryStrategy",
    "FlatFileDiscoveryStrategy",
    "MetadataStrategy",
    "NoneMetadataStrategy",
    "RecursiveFileDiscoveryStrategy",
    "SingleDataUnitStrategy",
    "SyncUploadStrategy",
    "UploadStrategy",
    "ValidationStrategy",
)
FILE_DISCOVERY = (
    "EXCLUDED_DIRS",
    "EXCLUDED_FILES",
    "TRANSFORMED_STEM_PATTERN",
    "extract_origin_stem",
    "find_metadata_for_transformed_file",
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
CSV = (
    "CsvMetadataUtils",
    "CsvParsingError",
    "CsvSecurityConfig",
    "CsvSecurityError",
    "load_csv_metadata",
    "validate_csv_file_security",
)
EXCEL = (
    "ExcelMetadataUtils",
    "ExcelParsingError",
    "ExcelSecurityConfig",
    "ExcelSecurityError",
    "PathAwareJSONEncoder",
    "load_excel_metadata",
    "validate_excel_file_security",
)
VIDEO = (
    "VideoAnalysisError",
    "VideoFrameRateError",
    "is_variable_frame_rate",
    "validate_constant_frame_rate",
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
STORAGE_ERRORS = (
    "",
    "Capability",
    "Config",
    "Connection",
    "ContractVersion",
    "NotFound",
    "Permission",
    "ProviderNotFound",
    "RefreshUnavailable",
    "Session",
    "SessionClosed",
    "SessionExpired",
    "Upload",
)
EXPORT_PAYLOAD = (
    "MAX_REISSUES",
    "PREFETCH",
    "RETRIES",
    "RETRY_BACKOFF",
    "RETRY_CAP_SECONDS",
    "TIMEOUT_SECONDS",
    "WORKERS",
)
#: Module → names.
SURFACE: dict[str, tuple[str, ...]] = {
    "plugins": (
        *RESULTS,
        *STEPS,
        *FORMS,
        *SERVING,
        *("ActionConfig", "PluginCategory", "PluginConfig", "RuntimeContext", "MetricsCategory", "NoResult"),
        *("ActionNotFoundError", "ExecutionError", "PluginError", "ValidationError"),
        *("BaseAction", "BaseExportAction", "BaseInferenceAction", "BaseTrainAction", "BaseUploadAction"),
        *("BaseStep", "BaseStepContext", "Orchestrator", "StepRegistry", "StepResult"),
        *("ExportContext", "InferenceContext", "TrainContext", "UploadContext"),
        *("ExportProgressCategories", "InferenceProgressCategories"),
        *("TrainProgressCategories", "UploadProgressCategories"),
        *("action", "run_plugin", "validate_result"),
        *("DatasetAction", "LocalExecutor", "PluginDiscovery", "PluginEnvironment"),
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
    "plugins.pipelines.models": (
        *("ActionProgress", "ActionStatus", "Checkpoint", "LogEntry", "LogLevel", "PipelineProgress"),
        "RunStatus",
    ),
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
    "plugins.enums": ("ACTION_DEFAULT_METHODS", "ContainerKind", "LogLevel", "RunMethod"),
    "plugins.errors": ("GitHubArchiveError",),
    "plugins.executors": ("ExecutorProtocol", "LocalExecutor"),
    "plugins.actions.train": ("BaseTrainAction", "BaseTrainParams", "TrainContext", "TrainLogMessageCode"),
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
    "utils": (*CSV, *EXCEL, "get_best_gpu", "non_blank"),
    "utils.csv": CSV,
    "utils.excel": EXCEL,
    "utils.video": VIDEO,
    "utils.video.vfr_check": VIDEO,
    "plugins.storage": ("StorageAwareContext", "acquire_storage"),
    "utils.storage": (
        "BackendSessionProvider",
        "CONTRACT_VERSION",
        "StorageCapabilities",
        "StoragePath",
        "StorageProtocol",
        "StorageSession",
        "StorageSessionProvider",
        "get_path_file_count",
        "get_path_total_size",
        "get_pathlib",
        "get_storage",
    ),
    "utils.storage.capabilities": ("StorageCapabilities", "StoragePath", "conservative_case_sensitivity"),
    "utils.storage.config": (
        *(f"{name}StorageConfig" for name in ("GCS", "HTTP", "Local", "S3", "SFTP", "SMB", "Synology")),
        "ProviderConfig",
        "ProviderType",
        "StorageConfig",
    ),
    "utils.storage.errors": tuple(f"Storage{name}Error" for name in STORAGE_ERRORS),
    "utils.storage.provider": ("BackendSessionProvider",),
    "utils.storage.providers.gcs": ("GCSStorage",),
    "utils.storage.providers.http": ("HTTPPath", "HTTPStorage"),
    "utils.storage.providers.local": ("LocalStorage",),
    "utils.storage.providers.s3": ("S3Storage",),
    "utils.storage.providers.sftp": ("SFTPStorage",),
    "utils.storage.providers.smb": ("SMBStorage",),
    "utils.storage.registry": (
        "PROVIDER_ALIASES",
        "get_capabilities",
        "get_provider_class",
        "get_registered_providers",
        "is_provider_supported",
        "register_provider",
        "resolve_provider_alias",
    ),
    "utils.storage.session": (
        "CONTRACT_VERSION",
        "SUPPORTED_CONTRACT_VERSIONS",
        "StorageSession",
        "StorageSessionProvider",
        "validate_contract_version",
    ),
    "utils.storage.staging": (
        "STAGING_DIR_ENV_VAR",
        "STREAM_CHUNK_SIZE",
        "cleanup_staging",
        "ensure_session_staging_dir",
        "materialize",
        "staging_root",
    ),
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
        *(name for name in STRATEGIES if name != "CsvMetadataStrategy"),
        "LogLevel",
        "UploadConfig",
        "ValidationResult",
        *(f"{name}Step" for name in UPLOAD_STEPS),
        "AssetConfig",
        "BaseUploadAction",
        "DefaultUploadAction",
        "ExcelParsingError",
        "ExcelSecurityConfig",
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
    "plugins.actions.upload.strategies": (*STRATEGIES, "UploadConfig", "ValidationResult", *FILE_DISCOVERY),
    "plugins.actions.upload.strategies.base": (
        *(f"{name}Strategy" for name in ("DataUnit", "FileDiscovery", "Metadata", "Upload", "Validation")),
        "count_uploadable_files",
        "is_uploadable",
    ),
    "plugins.actions.upload.strategies.data_unit": ("BatchDataUnitStrategy", "get_batched_list"),
    "plugins.actions.upload.strategies.file_discovery": FILE_DISCOVERY,
    "plugins.actions.upload.strategies.metadata": (
        "CsvMetadataStrategy",
        "ExcelMetadataStrategy",
        "NoneMetadataStrategy",
    ),
    "plugins.actions.upload.strategies.upload_strategy": ("SyncUploadStrategy", "is_valid_file_for_upload"),
    "plugins.actions.upload.strategies.validation": ("DefaultValidationStrategy",),
    "plugins.actions.upload.params": ("EXTRA_PARAMS_KEY", "read_param"),
    "plugins.actions.upload.utils": (*CHECKSUMS, *GROUPS),
    "plugins.actions.upload.utils.checksum": CHECKSUMS,
    "plugins.actions.upload.utils.groups": GROUPS,
    "plugins.actions.upload.exceptions": ("UploadError", "FileUploadError"),
    "plugins.actions.upload.models": ("AssetConfig", "ImportResultEntry", "UploadParams"),
    "plugins.actions.upload.steps": tuple(f"{name}Step" for name in UPLOAD_STEPS),
    "plugins.actions.upload.steps.upload": (
        "CHECKSUM_PROGRESS_SHARE",
        "DATA_FILES_METRICS_STEP",
        "LOST_FILES_LOG_LIMIT",
        "UploadFilesStep",
    ),
    "plugins.actions.upload.steps.generate": (
        "DATA_UNITS_METRICS_STEP",
        "GENERATE_DATA_UNITS_STEP",
        "GenerateDataUnitsStep",
    ),
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
    "plugins.actions.export.bundle_read": (
        "BUNDLE_FILES_SUBDIR",
        "BundleTraversalError",
        "bundle_target_jsonl_name",
        "cleanup_delegated_bundle",
        "is_zero_result_bundle",
        "map_files_to_bundle_local",
        "resolve_bundle_jsonl_paths",
        "resolve_bundle_prefix",
        "stream_bundle_records",
    ),
    "plugins.actions.export.delegation": (
        "DEFAULT_ACTIVITY_BASED",
        "DEFAULT_ASYNC_JOB_SIZE_THRESHOLD",
        "DEFAULT_EXPORT_FORMAT",
        "DEFAULT_INACTIVITY_DEADLINE",
        "DEFAULT_POLL_BACKOFF",
        "DEFAULT_POLL_INTERVAL",
        "DEFAULT_POLL_MAX_ATTEMPTS",
        "DEFAULT_POLL_MAX_INTERVAL",
        "DEFAULT_WALL_CLOCK_CEILING",
        "DelegatedExportError",
        "DelegatedExportResult",
        "DelegationConfig",
        "DelegationDecision",
        "PollPatienceConfig",
        "enqueue_export",
        "finalize_export",
        "is_failed_status",
        "is_success_status",
        "manifest_record_total",
        "map_target_to_backend_targets",
        "probe_export_count",
        "resolve_delegation_decision",
        "run_delegated_export",
        "should_delegate_export",
        "stream_export_progress",
    ),
    "plugins.actions.export.context": ("ExportContext", "is_delegated", "is_sharded"),
    "plugins.actions.export.enums": ("ExportStatus",),
    "plugins.actions.export.gt_project": ("resolve_gt_project_id",),
    "plugins.actions.export.parallel_download": ("DEFAULT_DOWNLOAD_WORKERS", "download_files_parallel"),
    "plugins.actions.export.progress_throttle": (
        "DEFAULT_FLUSH_INTERVAL",
        "DEFAULT_FLUSH_MIN_SECONDS",
        "ProgressThrottle",
        "build_throttle_from_params",
    ),
    "plugins.actions.export.exporter": (
        "DEFAULT_DOWNLOAD_WORKERS",
        "BaseExporter",
        "ExporterRunAdapter",
        "MetricsRecord",
    ),
    "plugins.actions.export.failure_classifier": ("classify_export_error", "extract_failed_step"),
    "plugins.actions.export.handlers": (
        *HANDLERS,
        "ASSIGNMENT_EXPORT_FILTER_KEYS",
        "COMMON_EXPORT_FILTER_KEYS",
        *(f"EXPORT_PAYLOAD_{name}" for name in EXPORT_PAYLOAD),
        "INTERNAL_EXPORT_FILTER_KEYS",
        "PAGINATOR_PASSTHROUGH_KEYS",
        "GROUND_TRUTH_EXPORT_FILTER_KEYS",
        "TASK_EXPORT_FILTER_KEYS",
    ),
    "plugins.actions.export.log_messages": ("ExportLogMessageCode",),
    "plugins.actions.export.models": ("ExportParams", "non_blank"),
    "plugins.actions.export.report": (
        "BACKGROUND_REASONS_KO",
        "REASON_LABELS_KO",
        "SOURCE_TYPE_LABELS_KO",
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
    "plugins.actions.train.action": ("BaseTrainAction", "BaseTrainParams"),
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
    "i18n.messages": ("LogMessageCode",),
    "exceptions": ("AuthenticationError", "ClientError", "HTTPError", "raise_for_status"),
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module in SURFACE for name in SURFACE[module]]
)
def test_a_name_is_where_the_sheet_says(module: str, name: str) -> None:
    assert getattr(import_module(f"synapse_sdk.{module}"), name) is not None


def test_every_module_can_be_imported_and_none_warns(tmp_path: Path) -> None:
    root = Path(synapse_sdk.__file__).parent
    files = [file.relative_to(root.parent) for file in root.rglob("*.py") if "templates" not in file.parts]
    names = {".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files}
    names.remove("synapse_sdk.server.db.migrations.env")  # a script that only Alembic runs
    assert len(names) > 400

    lines = say(
        "import importlib, json, sys\n"
        "for name in json.load(open('names.json')):\n"
        "    try: importlib.import_module(name)\n"
        "    except Exception as error: print(name, repr(error))\n",
        write_files(tmp_path, {"names.json": json.dumps(sorted(names))}),
    )

    assert lines == []


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


#: What the sheet has and we have not: the reason → module → names. A name that comes leaves this list.
NOT_HERE = {
    "It needs Ray, which comes with an issue of its own.": {
        "plugins.executors.ray": ("RayActorExecutor", "RayJobExecutor", "RayPipelineExecutor"),
        "plugins.executors.ray.base": ("BaseRayExecutor", "apply_host_env_passthrough"),
        "plugins.executors.ray.jobs_api": ("RayJobsApiExecutor",),
        "plugins.executors.ray.packaging": ("upload_module_to_gcs", "upload_working_dir_to_gcs"),
        "plugins.executors.ray.task": ("RayTaskExecutor",),
        "plugins.actions.train.feasibility": ("FeasibilityVerdict", "precheck_job_feasibility"),
        "plugins.actions.train.tune": (
            "TuneTrialCallback",
            "TuneTrialLoggerWrapper",
            "build_tune_runtime_env",
            "convert_tune_params",
            "convert_tune_scheduler",
            "convert_tune_search_alg",
        ),
        "plugins.actions.upload.ray_shards": ("execute_shards_in_ray", "run_shards_in_ray"),
        "plugins.actions.upload.shard_entrypoints": ("run_generate_shard", "run_upload_shard"),
        "plugins.actions.upload.sharding": ("merge_shard_outcomes", "split_into_shards"),
    },
    "It belongs to the vendor's own operations, not to plugins.": {
        "observability": ("init_sentry", "profile_span", "record_request"),
        "shared": ("init_sentry", "worker_process_setup_hook"),
    },
    "The sheet gives its name and not what it does.": {
        "plugins.actions.upload": ("LOG_MESSAGES", "LogCode"),
        "plugins.actions.upload.aggregation": (
            "MetricsAggregator",
            "ProgressAggregator",
            "local_step_aggregation",
        ),
        "plugins.actions.train.tune": ("get_tune_artifact_path", "override_best_trial", "upload_trial_model"),
    },
    "A storage of a kind that nobody here could try.": {
        "utils.storage.providers.synology": ("SynologyStorage",),
    },
}


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for known in NOT_HERE.values() for module in known for name in known[module]],
)
def test_the_list_of_what_is_not_here_is_true(module: str, name: str) -> None:
    try:
        found = hasattr(import_module(f"synapse_sdk.{module}"), name)
    except ImportError:
        found = False

    assert not found, "it is here: list it in SURFACE"

"""Closed vocabularies of config.yaml and the author API; every value is its own text.

Source: interface sheet `core.md` §5.1. Where the two dialects differ, both sets of members are here.
"""

from __future__ import annotations

from enum import StrEnum


class PluginCategory(StrEnum):
    """What a plugin is for."""

    NEURAL_NET = "neural_net"
    EXPORT = "export"
    UPLOAD = "upload"
    SMART_TOOL = "smart_tool"
    POST_ANNOTATION = "post_annotation"
    PRE_ANNOTATION = "pre_annotation"
    DATA_VALIDATION = "data_validation"
    CUSTOM = "custom"


class RunMethod(StrEnum):
    """How an action likes to be run on a platform."""

    JOB = "job"
    TASK = "task"
    SERVE = "serve"
    RESTAPI = "restapi"


class ExecutionMode(StrEnum):
    """Where one execution happens."""

    LOCAL = "local"
    TASK = "task"
    JOB = "job"
    REMOTE = "remote"


#: How actions of these names like to be run, as far as the vendor's platform has a habit.
ACTION_DEFAULT_METHODS: dict[str, RunMethod] = {
    **dict.fromkeys(
        ("upload", "export", "download", "convert", "train", "test", "deployment", "to_task"), RunMethod.JOB
    ),
    "inference": RunMethod.SERVE,
    "auto_label": RunMethod.TASK,
}


class ContainerKind(StrEnum):
    """What a container of a platform is for."""

    PLUGIN_RUNTIME = "plugin_runtime"
    CODE_SERVER = "code_server"


class PackageManager(StrEnum):
    """Who installs a plugin's requirements."""

    PIP = "pip"
    UV = "uv"


class MetricsCategory(StrEnum):
    """Which data a metric was measured on."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class LogLevel(StrEnum):
    """How a message wants to be read."""

    DEBUG = "debug"
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"
    ERROR = "error"
    CRITICAL = "critical"


class DataType(StrEnum):
    """The kind of data that a plugin works on."""

    IMAGE = "image"
    TEXT = "text"
    VIDEO = "video"
    PCD = "pcd"
    AUDIO = "audio"
    DATA = "data"


class AnnotationCategory(StrEnum):
    """What is annotated."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    PCD = "pcd"
    PROMPT = "prompt"
    TIME_SERIES = "time_series"
    # The older dialect named the task rather than the medium.
    OBJECT_DETECTION = "object_detection"
    CLASSIFICATION = "classification"
    SEGMENTATION = "segmentation"
    KEYPOINT = "keypoint"


class AnnotationType(StrEnum):
    """The shape of an annotation."""

    BBOX = "bbox"
    POLYGON = "polygon"
    POINT = "point"
    LINE = "line"
    MASK = "mask"
    LABEL = "label"


class AnnotationTool(StrEnum):
    """The tool that draws an annotation."""

    BOUNDING_BOX = "bounding_box"
    POLYGON = "polygon"
    POLYLINE = "polyline"
    KEYPOINT = "keypoint"
    SEGMENTATION = "segmentation"
    RELATION = "relation"
    CLASSIFICATION = "classification"
    ANNOTATION_GROUP = "annotationGroup"
    NAMED_ENTITY = "named_entity"
    BOUNDING_BOX_3D = "3d_bounding_box"
    SEGMENTATION_3D = "3d_segmentation"
    PROMPT = "prompt"
    ANSWER = "answer"
    TIME_RANGE = "time_range"


class SmartToolType(StrEnum):
    """How much a smart tool asks of the annotator."""

    INTERACTIVE = "interactive"
    AUTOMATIC = "automatic"
    SEMI_AUTOMATIC = "semi_automatic"

"""Export: labels and files, out of a server into a storage. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.export.action import BaseExportAction as BaseExportAction
    from synapse_sdk.plugins.actions.export.action import DefaultExportAction as DefaultExportAction
    from synapse_sdk.plugins.actions.export.action import ExportAction as ExportAction
    from synapse_sdk.plugins.actions.export.action import ExportProgressCategories as ExportProgressCategories
    from synapse_sdk.plugins.actions.export.context import ExportContext as ExportContext
    from synapse_sdk.plugins.actions.export.enums import ExportStatus as ExportStatus
    from synapse_sdk.plugins.actions.export.exporter import BaseExporter as BaseExporter
    from synapse_sdk.plugins.actions.export.handlers import (
        AssignmentExportTargetHandler as AssignmentExportTargetHandler,
    )
    from synapse_sdk.plugins.actions.export.handlers import ExportTargetHandler as ExportTargetHandler
    from synapse_sdk.plugins.actions.export.handlers import (
        GroundTruthExportTargetHandler as GroundTruthExportTargetHandler,
    )
    from synapse_sdk.plugins.actions.export.handlers import TargetHandlerFactory as TargetHandlerFactory
    from synapse_sdk.plugins.actions.export.handlers import TaskExportTargetHandler as TaskExportTargetHandler
    from synapse_sdk.plugins.actions.export.log_messages import ExportLogMessageCode as ExportLogMessageCode
    from synapse_sdk.plugins.actions.export.models import ExportParams as ExportParams
    from synapse_sdk.plugins.actions.export.report import ExportReport as ExportReport
    from synapse_sdk.plugins.actions.export.run_adapter import ExporterRunAdapter as ExporterRunAdapter
    from synapse_sdk.plugins.actions.export.run_adapter import MetricsRecord as MetricsRecord

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "AssignmentExportTargetHandler": "handlers",
        "BaseExportAction": "action",
        "BaseExporter": "exporter",
        "DefaultExportAction": "action",
        "ExportAction": "action",
        "ExportContext": "context",
        "ExportLogMessageCode": "log_messages",
        "ExportParams": "models",
        "ExportProgressCategories": "action",
        "ExportReport": "report",
        "ExportStatus": "enums",
        "ExportTargetHandler": "handlers",
        "ExporterRunAdapter": "run_adapter",
        "GroundTruthExportTargetHandler": "handlers",
        "MetricsRecord": "run_adapter",
        "TargetHandlerFactory": "handlers",
        "TaskExportTargetHandler": "handlers",
    },
)

"""What each category's plugin is made of: its first action and the template folders that are laid together.

Source: interface sheet `actions.md` §13, for the actions' names and methods.
"""

from __future__ import annotations

from dataclasses import dataclass

from synapse_sdk.plugins.enums import PluginCategory, RunMethod

#: What a plugin is when nobody says: the one category that promises nothing.
DEFAULT_CATEGORY = PluginCategory.CUSTOM


@dataclass(frozen=True, slots=True)
class PlatformBase:
    """The class to begin with when the work is a labelling server's, and not files of this machine."""

    #: What it does, after "To …".
    goal: str
    module: str
    name: str
    #: Page of the guide that begins with a whole one.
    page: str

    def __str__(self) -> str:
        return (
            f"It works on files of this machine. To {self.goal}, begin with\n"
            f"`from {self.module} import {self.name}`;\nthe guide's page {self.page} has a whole one.\n"
        )


@dataclass(frozen=True, slots=True)
class Blueprint:
    """How a category's plugin is put together."""

    #: The action that a newcomer runs first.
    action: str
    method: RunMethod
    #: What the plugin does, as a sentence: its description in config.yaml.
    purpose: str
    #: Folders under templates/, a later one's file wins.
    layers: tuple[str, ...]
    platform_base: PlatformBase | None = None


def _over_files(
    category: PluginCategory, action: str, method: RunMethod, purpose: str, base: PlatformBase | None = None
) -> Blueprint:
    return Blueprint(action, method, purpose, ("common", "over_files", category.value), base)


BLUEPRINTS = {
    PluginCategory.NEURAL_NET: Blueprint(
        "train",
        RunMethod.JOB,
        "Trains a small classifier and predicts with it",
        ("common", "neural_net"),
    ),
    PluginCategory.EXPORT: _over_files(
        PluginCategory.EXPORT,
        "export",
        RunMethod.JOB,
        "Exports a folder of texts as one file of records",
        PlatformBase(
            "export the labels of a labelling server",
            "synapse_sdk.plugins.actions.export",
            "BaseExporter",
            "Labels",
        ),
    ),
    PluginCategory.UPLOAD: _over_files(
        PluginCategory.UPLOAD,
        "upload",
        RunMethod.JOB,
        "Uploads a folder of texts, each content once",
        PlatformBase(
            "bring files into a data collection of a labelling server",
            "synapse_sdk.plugins.actions.upload",
            "DefaultUploadAction",
            "Uploading",
        ),
    ),
    PluginCategory.SMART_TOOL: _over_files(
        PluginCategory.SMART_TOOL,
        "auto_label",
        RunMethod.TASK,
        "Marks the words that it knows in texts",
        PlatformBase(
            "answer with what a served model says",
            "synapse_sdk.plugins.actions.auto_label",
            "BaseAutoLabelAction",
            "Labels",
        ),
    ),
    PluginCategory.POST_ANNOTATION: _over_files(
        PluginCategory.POST_ANNOTATION,
        "post_annotate",
        RunMethod.TASK,
        "Tidies the labels that people wrote into texts",
    ),
    PluginCategory.PRE_ANNOTATION: _over_files(
        PluginCategory.PRE_ANNOTATION,
        "pre_annotate",
        RunMethod.TASK,
        "Cuts texts into the sentences that people will annotate",
        PlatformBase(
            "give the tasks of a labelling server their first annotations",
            "synapse_sdk.plugins.actions.to_task",
            "ToTaskAction",
            "Labels",
        ),
    ),
    PluginCategory.DATA_VALIDATION: _over_files(
        PluginCategory.DATA_VALIDATION, "validate", RunMethod.TASK, "Finds texts that should not be labelled"
    ),
    PluginCategory.CUSTOM: _over_files(
        PluginCategory.CUSTOM, "main", RunMethod.TASK, "Counts the lines and words of texts"
    ),
}

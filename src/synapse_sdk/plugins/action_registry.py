"""The actions that a platform knows by name, category by category.

Source: interface sheet `core.md` §9. The classes are called as the platform calls them; authors call
theirs as they like, and say so in config.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.templates import TEMPLATES_DIR

__all__ = ["ActionRegistry", "ActionSpec", "ActionType", "get_action_registry"]


class ActionType(StrEnum):
    """What an action is in Python."""

    CLASS = "class"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action that a platform knows."""

    name: str
    category: PluginCategory
    #: The template of `synapse plugin create`, below `TEMPLATES_DIR`; empty where it makes no such action.
    template_file: str
    #: Name of the class, or of the function.
    class_name: str
    action_type: ActionType
    description: str = ""
    #: Is it the one that a category is about?
    is_primary: bool = False

    @property
    def template_path(self) -> str:
        """The whole path of the template; empty where there is none."""
        return str(TEMPLATES_DIR / self.template_file) if self.template_file else ""

    @property
    def entrypoint_pattern(self) -> str:
        """Where its code is, as config.yaml says it."""
        return f"plugin.{self.name}.{self.class_name}"

    @property
    def output_filename(self) -> str:
        """Name of the file that holds it."""
        return f"{self.name}.py"


class ActionRegistry:
    """The actions that are known. A category is given as such, or as its text."""

    def __init__(self) -> None:
        self._specs = _list_specs()

    def get_action(self, name: str, category: PluginCategory) -> ActionSpec | None:
        """Return an action of a category; None where there is none of that name."""
        return next((spec for spec in self.list_actions(category) if spec.name == name), None)

    def get_primary_action(self, category: PluginCategory) -> ActionSpec | None:
        """Return the action that a category is about."""
        return next((spec for spec in self.list_actions(category) if spec.is_primary), None)

    def list_actions(self, category: PluginCategory) -> Iterator[ActionSpec]:
        """Yield the actions of a category; none for a category that there is not."""
        return (spec for spec in self._specs if spec.category == category)

    def list_all_actions(self) -> Iterator[ActionSpec]:
        """Yield the actions of all categories."""
        return iter(self._specs)

    def get_entrypoint(self, category: PluginCategory) -> str:
        """Return where the code of a category's primary action is.

        Raises:
            ValueError: There is no such category.
        """
        return self._require_primary(category).entrypoint_pattern

    def get_class_name(self, category: PluginCategory) -> str:
        """Return what a category's primary action is called in Python. As for its entrypoint."""
        return self._require_primary(category).class_name

    def has_category(self, category: PluginCategory) -> bool:
        """Are there actions of this category?"""
        return any(self.list_actions(category))

    def refresh(self) -> None:
        """Look the actions up anew."""
        self._specs = _list_specs()

    def _require_primary(self, category: PluginCategory) -> ActionSpec:
        spec = self.get_primary_action(category)
        if spec is None:
            known = ", ".join(PluginCategory)
            raise ValueError(f"There is no category {str(category)!r}; there are {known}.")
        return spec


@cache
def get_action_registry() -> ActionRegistry:
    """Return the registry, the same one each time."""
    return ActionRegistry()


def _list_specs() -> tuple[ActionSpec, ...]:
    files = "over_files/plugin/__action__.py.tmpl"
    training, export, upload = PluginCategory.NEURAL_NET, PluginCategory.EXPORT, PluginCategory.UPLOAD
    smart_tool, custom = PluginCategory.SMART_TOOL, PluginCategory.CUSTOM
    before, after = PluginCategory.PRE_ANNOTATION, PluginCategory.POST_ANNOTATION
    validation = PluginCategory.DATA_VALIDATION
    rows = (
        # name, category, template, class, what it does; the first of a category is its primary one
        ("train", training, "neural_net/plugin/train.py.tmpl", "TrainAction", "Trains a model."),
        ("convert", training, "", "ConvertAction", "Brings a dataset into the form that a training takes."),
        ("download", training, "", "DownloadAction", "Fetches a dataset."),
        ("test", training, "", "TestAction", "Measures how good a model is."),
        ("deployment", training, "", "InferenceDeployment", "Makes a model answer requests."),
        (
            "inference",
            training,
            "neural_net/plugin/inference.py.tmpl",
            "InferenceDeployment",
            "Predicts with a model.",
        ),
        ("export", export, files, "Exporter", "Writes labels and files out."),
        ("upload", upload, files, "UploadAction", "Takes files in."),
        ("auto_label", smart_tool, files, "AutoLabelAction", "Labels while somebody looks on."),
        ("post_annotate", after, files, "PostAnnotator", "Works on labels once they are made."),
        ("pre_annotate", before, files, "PreAnnotator", "Prepares what will be labelled."),
        ("to_task", before, "", "ToTask", "Makes labels for a project's tasks."),
        ("validate", validation, files, "Validator", "Finds data that should not be labelled."),
        ("main", custom, files, "run", "Does anything."),
    )
    seen: set[PluginCategory] = set()
    specs = []
    for name, category, template, class_name, description in rows:
        kind = ActionType.FUNCTION if class_name == "run" else ActionType.CLASS
        specs.append(
            ActionSpec(name, category, template, class_name, kind, description, category not in seen)
        )
        seen.add(category)
    return tuple(specs)

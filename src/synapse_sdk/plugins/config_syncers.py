"""What each value of an action's entry in config.yaml follows from: one syncer for each kind, yours too.

A syncer is told what the code says of an action and edits the entry; `config_sync` compares the entry before
and after, and writes what differs.

Source: interface sheet `core.md` §6.6. Unlike there, an entrypoint that already names the class keeps its
spelling, and a field is `required` in a form only where it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from synapse_sdk.plugins.enums import RunMethod
from synapse_sdk.plugins.importing import split_entrypoint
from synapse_sdk.plugins.ui_schema import pydantic_to_ui_schema

#: The field of an upload's form that asks for a group of its data units.
UPLOAD_GROUP_NAME_FIELD: dict[str, Any] = {
    "$formkit": "text",
    "name": "group_name",
    "label": "Group name",
    "help": "Name of the group that the uploaded data belong to.",
    "required": False,
}
#: Actions whose form the platform looks for in `hyperparameters`.
_TRAININGS = frozenset({"train", "tune"})
_UPLOAD = "upload"
#: Params that the platform fills in, and no form asks for.
_FILLED_IN = frozenset(
    {
        "checkpoint",
        "data_path",
        "dataset",
        "dataset_path",
        "hyperparameters",
        "is_tune",
        "model_path",
        "output_path",
        "splits",
        "weights_path",
        "work_dir",
    }
)


class ConfigSyncer(ABC):
    """Derive from it to keep a key of your own in step: `sync_config_file(path, [MySyncer()])`."""

    @property
    def name(self) -> str:
        """What messages call it; a class attribute does as well."""
        return type(self).__name__

    @abstractmethod
    def sync(self, action_name: str, action_info: dict[str, Any], action_config: dict[str, Any]) -> list[str]:
        """Edit an action's entry in place.

        Args:
            action_name: What the config calls the action.
            action_info: What the code says: `entrypoint` with dots, `method`, `input_type`, `output_type`
                (None for what the class does not say), and `params_model`, a pydantic model or None, for
                which the class is imported when you ask.
            action_config: The entry, in plain values. What is put there must be such as YAML holds.

        Returns:
            What was changed, a short text each; empty for nothing.
        """


class EntrypointSyncer(ConfigSyncer):
    """`entrypoint`: where the class is. One that names it already stays, with a colon or with a dot."""

    name = "entrypoint"

    def sync(self, action_name: str, action_info: dict[str, Any], action_config: dict[str, Any]) -> list[str]:
        """Edit the entry."""
        new, old = action_info.get("entrypoint"), action_config.get("entrypoint")
        if new is None or (isinstance(old, str) and split_entrypoint(old) == split_entrypoint(new)):
            return []
        return _put(action_config, "entrypoint", new)


class MethodSyncer(ConfigSyncer):
    """`method`, where the class says one."""

    name = "method"

    def sync(self, action_name: str, action_info: dict[str, Any], action_config: dict[str, Any]) -> list[str]:
        """Edit the entry."""
        method = action_info.get("method")
        # What the entry does not say is `task`; it need not be written.
        if method is None or action_config.get("method", RunMethod.TASK.value) == str(method):
            return []
        return _put(action_config, "method", str(method))


class TypesSyncer(ConfigSyncer):
    """`input_type` and `output_type`, where the class says them."""

    name = "types"

    def sync(self, action_name: str, action_info: dict[str, Any], action_config: dict[str, Any]) -> list[str]:
        """Edit the entry."""
        told = {key: action_info.get(key) for key in ("input_type", "output_type")}
        return [
            text
            for key, value in told.items()
            if value is not None
            for text in _put(action_config, key, value)
        ]


class HyperparametersSyncer(ConfigSyncer):
    """The form of a training, as `hyperparameters.train_ui_schemas`, and of an upload, as `ui_schema`.

    An action without a params model, or whose model only has fields that the platform fills in, keeps the
    form that the config has.
    """

    name = "hyperparameters"

    def sync(self, action_name: str, action_info: dict[str, Any], action_config: dict[str, Any]) -> list[str]:
        """Edit the entry."""
        # The action first: asking for the model imports the plugin's code.
        if action_name not in {*_TRAININGS, _UPLOAD}:
            return []
        if (model := action_info.get("params_model")) is None:
            return []
        form = [field for field in pydantic_to_ui_schema(model) if field["name"] not in _FILLED_IN]
        if not form:
            return []
        if action_name == _UPLOAD:
            own = [field for field in form if field["name"] != UPLOAD_GROUP_NAME_FIELD["name"]]
            group = [field for field in _fields(action_config) if _is_group_name(field)]
            return _put(action_config, "ui_schema", own + group)
        kept = action_config.get("hyperparameters")
        others = kept if isinstance(kept, Mapping) else {}
        return _put(action_config, "hyperparameters", {**others, "train_ui_schemas": form})


class UploadGroupNameSyncer(ConfigSyncer):
    """The field `group_name` at the end of an upload's `ui_schema`, where it is not there already."""

    name = "upload_group_name"

    def sync(self, action_name: str, action_info: dict[str, Any], action_config: dict[str, Any]) -> list[str]:
        """Edit the entry."""
        form = _fields(action_config)
        if action_name != _UPLOAD or any(_is_group_name(field) for field in form):
            return []
        action_config["ui_schema"] = [*form, dict(UPLOAD_GROUP_NAME_FIELD)]
        return ["ui_schema: group_name added"]


def get_declared_syncers() -> list[ConfigSyncer]:
    """Return those for what the classes declare, which `synapse plugin update-config` keeps in step.

    Forms are not among them: a release carries those that are made from its code.
    """
    return [EntrypointSyncer(), MethodSyncer(), TypesSyncer()]


def get_default_syncers() -> list[ConfigSyncer]:
    """Return all: those for what the classes declare, then those for forms in the file."""
    return [*get_declared_syncers(), HyperparametersSyncer(), UploadGroupNameSyncer()]


def sync_action_config(
    action_name: str,
    action_info: dict[str, Any],
    action_config: dict[str, Any],
    syncers: Sequence[ConfigSyncer] | None = None,
) -> list[str]:
    """Run syncers over one entry, which they edit in place; return what they changed, in their words.

    Args:
        action_name: What the config calls the action.
        action_info: What the code says of it, see `ConfigSyncer.sync`.
        action_config: The entry.
        syncers: In this order; those of `get_default_syncers()` unless given.
    """
    chosen = get_default_syncers() if syncers is None else syncers
    return [text for syncer in chosen for text in syncer.sync(action_name, action_info, action_config)]


def _put(entry: dict[str, Any], key: str, new: Any) -> list[str]:
    old = entry.get(key)
    if old == new:
        return []
    entry[key] = new
    if isinstance(new, (list, dict)):
        return [f"{key}: form of the params"]
    return [f"{key}: {'-' if old is None else old} -> {new}"]


def _fields(entry: Mapping[str, Any]) -> list[Any]:
    form = entry.get("ui_schema")
    return list(form) if isinstance(form, list) else []


def _is_group_name(field: Any) -> bool:
    return isinstance(field, Mapping) and field.get("name") == UPLOAD_GROUP_NAME_FIELD["name"]

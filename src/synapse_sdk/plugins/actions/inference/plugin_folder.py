"""What a deployment reads of the plugin's folder, which is the current one: config.yaml, requirements.txt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synapse_sdk._internal import requirement_list
from synapse_sdk.plugins.errors import DeploymentError

CONFIG_FILES = ("config.yaml", "synapse.yaml")


def read_plugin_config(folder: Path | None = None) -> dict[str, Any] | None:
    """Return the config as it is written; None where there is no file.

    Raises:
        DeploymentError: It can not be read, or is no mapping.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    here = folder or Path.cwd()
    file = next((here / name for name in CONFIG_FILES if (here / name).is_file()), None)
    if file is None:
        return None
    try:
        document = YAML(typ="safe").load(file.read_text("utf-8"))
    except (OSError, ValueError, YAMLError) as error:
        raise DeploymentError(
            f"{file} can not be read: {error}", hint="`synapse plugin check` names the place."
        ) from error
    if not isinstance(document, Mapping):
        raise DeploymentError(f"{file} is no mapping of names to values.")
    return dict(document)


def read_requirements(folder: Path | None = None) -> list[str]:
    """Return the lines of requirements.txt, without comments and blank ones; empty where there is no file."""
    return requirement_list.read_requirements((folder or Path.cwd()) / "requirements.txt") or []

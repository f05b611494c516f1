"""Where the templates of `synapse plugin create` lie, for plugins from elsewhere that ask under this name."""

from __future__ import annotations

from pathlib import Path

import synapse_sdk
from synapse_sdk.plugins.enums import PluginCategory

__all__ = ["TEMPLATES_DIR", "get_template_dir"]

#: The templates of all categories.
TEMPLATES_DIR = Path(synapse_sdk.__file__).parent / "scaffold" / "templates"


def get_template_dir(category: str | None = None) -> Path:
    """Return the folder of a category's own templates; the one of all templates unless a category is given.

    Raises:
        ValueError: There is no such category.
    """
    return TEMPLATES_DIR if category is None else TEMPLATES_DIR / PluginCategory(category).value

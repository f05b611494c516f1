"""Configs on the pages load, and the tables of fields are those of the models."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from synapse_sdk.plugins.config import ActionConfig, PluginConfig, PluginRequires
from synapse_sdk.plugins.config_file import load_config
from synapse_sdk.plugins.enums import (
    AnnotationCategory,
    AnnotationType,
    DataType,
    PackageManager,
    PluginCategory,
    RunMethod,
    SmartToolType,
)
from synapse_sdk.plugins.errors import ConfigError
from tests.docs.markdown import MANUAL, PAGES, Block, read_blocks

CONFIGURATION = MANUAL / "guide/configuration.md"
TABLES = {
    "## Fields of the plugin": PluginConfig,
    "## Fields of an action": ActionConfig,
    "## Fields of `requires`": PluginRequires,
}
WORDS = {
    "category": PluginCategory,
    "package_manager": PackageManager,
    "data_type": DataType,
    "annotation_category": AnnotationCategory,
    "annotation_type": AnnotationType,
    "smart_tool": SmartToolType,
    "method": RunMethod,
}
CONFIGS = [block for page in PAGES for block in read_blocks(page) if block.language == "yaml"]


@pytest.mark.parametrize("block", CONFIGS, ids=lambda block: block.place)
def test_a_config_on_a_page_loads(block: Block, tmp_path: Path):
    (tmp_path / "config.yaml").write_text(block.text, encoding="utf-8")

    if "mistaken" in block.notes:
        with pytest.raises(ConfigError):
            load_config(tmp_path)
    else:
        assert load_config(tmp_path).warnings == ()


@pytest.mark.parametrize(("heading", "model"), TABLES.items(), ids=TABLES)
def test_a_table_of_fields_is_the_model(heading: str, model: type[BaseModel]):
    rows = _read_table(heading)

    assert list(rows) == _in_order(rows, model)
    for name, field in model.model_fields.items():
        assert rows[name]["default"] == _default_of(field), name


@pytest.mark.parametrize("name", WORDS)
def test_a_closed_vocabulary_is_listed_whole(name: str):
    rows = _read_table("## Fields of an action" if name == "method" else "## Fields of the plugin")

    listed = re.search(r"one of ((?:`\w+`(?:, )?)+)", rows[name]["rule and effect"])

    assert listed is not None
    assert re.findall(r"`(\w+)`", listed[1]) == [word.value for word in WORDS[name]]


def _in_order(rows: dict[str, dict[str, str]], model: type[BaseModel]) -> list[str]:
    """Return the model's fields, required ones as the table has them; a reader wants those first."""
    return sorted(model.model_fields, key=lambda name: list(rows).index(name) if name in rows else -1)


def _default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.default_factory() if field.default_factory is not None else field.default  # type: ignore[call-arg]
    assert default is not PydanticUndefined
    if default is None:
        return "none"
    return f"`{default!r}`" if isinstance(default, list | dict) else f"`{default}`" if default else '`""`'


def _read_table(heading: str) -> dict[str, dict[str, str]]:
    text = CONFIGURATION.read_text(encoding="utf-8").partition(f"{heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    header, _, *rows = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in lines)
    return {row[0].strip("`"): dict(zip(header, row, strict=True)) for row in rows}

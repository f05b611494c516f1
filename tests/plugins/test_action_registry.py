"""The actions that a platform knows by name, and where their templates lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.plugins.action_registry import ActionRegistry, ActionType, get_action_registry
from synapse_sdk.plugins.actions import get_action_registry as the_same
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.templates import TEMPLATES_DIR, get_template_dir
from synapse_sdk.scaffold.categories import BLUEPRINTS
from synapse_sdk.scaffold.filling import TEMPLATES

REGISTRY = get_action_registry()
#: Source: interface sheet `core.md` §9. Primary actions are marked.
KNOWN = {
    "neural_net": (
        "train* TrainAction, convert ConvertAction, download DownloadAction, test TestAction, "
        "deployment InferenceDeployment, inference InferenceDeployment"
    ),
    "export": "export* Exporter",
    "upload": "upload* UploadAction",
    "smart_tool": "auto_label* AutoLabelAction",
    "post_annotation": "post_annotate* PostAnnotator",
    "pre_annotation": "pre_annotate* PreAnnotator, to_task ToTask",
    "data_validation": "validate* Validator",
    "custom": "main* run",
}


@pytest.mark.parametrize(("category", "told"), KNOWN.items())
def test_a_category_has_the_actions_of_the_sheet(category: str, told: str):
    found = REGISTRY.list_actions(PluginCategory(category))

    assert ", ".join(f"{spec.name}{'*' * spec.is_primary} {spec.class_name}" for spec in found) == told


@pytest.mark.parametrize("category", PluginCategory)
def test_a_category_s_primary_action_is_the_one_that_create_makes(category: PluginCategory):
    primary = REGISTRY.get_primary_action(category)

    assert primary is not None
    assert primary.name == BLUEPRINTS[category].action
    assert Path(primary.template_path).is_file()
    assert REGISTRY.has_category(category)
    assert REGISTRY.get_entrypoint(category) == primary.entrypoint_pattern
    assert REGISTRY.get_class_name(category) == primary.class_name


def test_an_action_says_where_it_is():
    spec = REGISTRY.get_action("inference", PluginCategory.NEURAL_NET)

    assert spec is not None
    assert (spec.entrypoint_pattern, spec.output_filename, spec.action_type) == (
        "plugin.inference.InferenceDeployment", "inference.py", ActionType.CLASS
    )  # fmt: skip
    assert REGISTRY.get_action("main", PluginCategory.CUSTOM).action_type is ActionType.FUNCTION  # type: ignore[union-attr]
    assert REGISTRY.get_action("nothing", PluginCategory.NEURAL_NET) is None


def test_every_template_that_is_named_is_there():
    named = [Path(spec.template_path) for spec in REGISTRY.list_all_actions() if spec.template_file]

    assert [path for path in named if not path.is_file()] == []


def test_a_category_that_there_is_not_has_no_actions():
    assert not REGISTRY.has_category("nonsense")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"There is no category 'nonsense'; there are neural_net, export"):
        REGISTRY.get_entrypoint("nonsense")  # type: ignore[arg-type]


def test_there_is_one_registry_and_others_can_be_made():
    assert the_same() is REGISTRY
    other = ActionRegistry()
    other.refresh()
    assert list(other.list_all_actions()) == list(REGISTRY.list_all_actions())


def test_templates_are_those_of_create():
    assert TEMPLATES_DIR == TEMPLATES == get_template_dir()
    assert all(get_template_dir(category).is_dir() for category in PluginCategory)
    with pytest.raises(ValueError, match="nonsense"):
        get_template_dir("nonsense")

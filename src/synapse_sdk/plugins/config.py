"""config.yaml: its model, and every problem in it with its place.

Source: plugin guide, "Configure config.yaml"; interface sheet `core.md` §6.1.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, StrictStr

from synapse_sdk.plugins.config_rules import check_code, check_entrypoint, check_name, check_version
from synapse_sdk.plugins.enums import (
    AnnotationCategory,
    AnnotationTool,
    AnnotationType,
    DataType,
    PackageManager,
    PluginCategory,
    RunMethod,
    SmartToolType,
)


def _none_is_empty(value: Any) -> Any:
    return {} if value is None else value


def _check_variable(name: str) -> str:
    if not name or "=" in name or "\0" in name:
        raise ValueError("a name of an environment variable")
    return name


def _check_variable_value(value: Any) -> Any:
    if "\0" in str(value):
        raise ValueError("a value of an environment variable: it holds a null character")
    return value


Code = Annotated[StrictStr, AfterValidator(check_code)]
Version = Annotated[StrictStr, AfterValidator(check_version)]
Entrypoint = Annotated[StrictStr, AfterValidator(check_entrypoint)]
Name = Annotated[StrictStr, AfterValidator(check_name)]
Variable = Annotated[StrictStr, AfterValidator(_check_variable)]
VariableValue = Annotated[Any, AfterValidator(_check_variable_value)]
Mapping = Annotated[dict[str, Any], BeforeValidator(_none_is_empty)]


class ActionConfig(BaseModel):
    """One entry under `actions:`."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, frozen=True, defer_build=True)

    name: str = Field(default="", description="Filled from the key that the entry stands under.")
    entrypoint: Entrypoint = Field(description="Module path and class: `module.path:ClassName`.")
    method: RunMethod = Field(default=RunMethod.TASK, description="Execution method on a platform.")
    description: StrictStr = Field(default="", description="Human-readable description.")
    input_type: StrictStr | None = Field(default=None, description="Semantic input type.")
    output_type: StrictStr | None = Field(default=None, description="Semantic output type.")
    serve_options: dict[str, Any] | None = Field(default=None, description="Options of a served action.")
    ui_schema: Any = Field(default=None, description="Form of the action's params.")
    hyperparameters: Any = Field(default=None, description="Form of a training's params, older shape.")


class PluginRequires(BaseModel):
    """What the plugin needs around it, as version ranges."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)

    sdk: StrictStr | None = None
    python: StrictStr | None = None
    cuda: StrictStr | None = None


class PluginConfig(BaseModel):
    """config.yaml. Unknown keys are kept; `load_config` warns about them."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, frozen=True)

    name: Name = Field(description="Human-readable plugin name.")
    code: Code = Field(description="Unique identifier: lowercase, hyphens allowed.")
    version: Version = Field(description="Semantic version, such as 0.1.0.")
    category: PluginCategory = Field(description=f"One of {', '.join(PluginCategory)}.")
    actions: dict[str, ActionConfig] = Field(description="Action name to its configuration.")
    variant: StrictStr | None = None
    description: StrictStr = ""
    readme: StrictStr = Field(default="README.md", description="The plugin's documentation.")
    package_manager: PackageManager = Field(
        default=PackageManager.PIP, description="Who installs requirements."
    )
    package_manager_options: list[StrictStr] = []
    wheels_dir: StrictStr = Field(default="wheels", description="Folder of local wheel files.")
    env: Annotated[dict[Variable, VariableValue], BeforeValidator(_none_is_empty)] = Field(
        default={}, description="Environment variables of every action."
    )
    runtime_env: Mapping = Field(default={}, description="Ray's runtime environment.")
    data_type: DataType | None = None
    tasks: list[StrictStr] = []
    tags: list[StrictStr] = []
    supported_data_types: list[DataType] = Field(
        default=[], validation_alias=AliasChoices("supported_data_types", "supported_data_type")
    )
    supported_annotation_tools: dict[AnnotationCategory, list[AnnotationTool]] = {}
    annotation_category: AnnotationCategory | None = None
    annotation_type: AnnotationType | None = None
    smart_tool: SmartToolType | None = Field(
        default=None, validation_alias=AliasChoices("smart_tool", "smart_tool_type")
    )
    requires: PluginRequires | None = None
    dependencies: Annotated[dict[str, StrictStr], BeforeValidator(_none_is_empty)] = Field(
        default_factory=dict
    )

    def env_texts(self) -> dict[str, str]:
        """Return `env` as environment variables are: texts; `true` and `false` as YAML writes them."""
        return {
            name: str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
            for name, value in self.env.items()
        }

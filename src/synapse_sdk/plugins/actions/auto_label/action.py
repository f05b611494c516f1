"""`BaseAutoLabelAction`: a smart tool that asks a served model, and turns its answer into annotations.

```text
params ──▶ handle_input ──▶ the served release ──▶ handle_output ──▶ annotations
```

Source: interface sheet `actions.md` §4.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from synapse_sdk.plugins.actions._served import is_rehearsal, name_route, open_agent_client
from synapse_sdk.plugins.actions.inference.deferred_wait import wait_for_result
from synapse_sdk.plugins.actions.workflow import WorkflowAction
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.inputs import describe_params, find_param

if TYPE_CHECKING:
    from synapse_sdk.clients.serving import ServeApplications

P = TypeVar("P")
#: Where applications are served.
ADDRESS_VARIABLE = "RAY_SERVE_ADDRESS"


class AutoLabelProgressCategories:
    """Names of the steps of a smart tool."""

    INPUT_TRANSFORM: Final = "input_transform"
    INFERENCE: Final = "inference"
    OUTPUT_TRANSFORM: Final = "output_transform"


class AutoLabelParams(BaseModel):
    """Params of a smart tool; those of the tool's own come besides."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    plugin: str = Field(description="Code of the plugin that serves the model")
    version: str = Field(description="Its version")
    model_id: int | None = Field(default=None, description="Id of the model")


class AutoLabelResult(BaseModel):
    """What a smart tool answers."""

    annotations: list[dict[str, Any]] = Field(default_factory=list)
    metadata: dict[str, Any] = Field(default_factory=dict)


class BaseAutoLabelAction(WorkflowAction[P], Generic[P]):
    """Labels by asking a served model. Write `handle_input` and `handle_output`."""

    category = PluginCategory.SMART_TOOL
    progress: ClassVar[AutoLabelProgressCategories] = AutoLabelProgressCategories()

    @abstractmethod
    def handle_input(self, input_data: dict[str, Any]) -> dict[str, Any] | None:
        """Return what the model is asked, made of the params; None leaves them as they are.

        Of what is returned, `method` is the HTTP method ("post"), `model` the model's id, `json` the body;
        without `json`, all the rest is.
        """

    @abstractmethod
    def handle_output(self, output_data: Any) -> dict[str, Any] | None:
        """Return the annotations, made of the model's answer; None leaves it as it is."""

    def execute(self) -> Any:
        """Ask and answer."""
        self.set_progress(1, 3, self.progress.INPUT_TRANSFORM)
        given = describe_params(self.params)
        wanted = self.handle_input(given)
        self.set_progress(2, 3, self.progress.INFERENCE)
        answer = self.run_inference(given if wanted is None else wanted)
        self.set_progress(3, 3, self.progress.OUTPUT_TRANSFORM)
        made = self.handle_output(answer)
        return answer if made is None else made

    def run_inference(self, model_input: dict[str, Any]) -> Any:
        """Return what the served model answers. One that is not served yet is deployed, for a later try.

        Raises:
            ExecutionError: No address is known, or the release is not served now.
            ClientError: The application refuses, or fails.
        """
        if is_rehearsal(self.ctx):
            self.ctx.client.make_up("no model was asked; an empty answer was made up.")
            return {}
        address = self.ctx.env.get(ADDRESS_VARIABLE)
        if not address:
            raise ExecutionError(
                f"No address of served models is known: {ADDRESS_VARIABLE} is not set.",
                {"variable": ADDRESS_VARIABLE},
                hint="Set it, such as http://127.0.0.1:8000; or try the tool's logic with --rehearse.",
            )
        from synapse_sdk.clients.serving import ServeApplications

        applications = ServeApplications(str(address))
        try:
            return self._ask(applications, dict(model_input))
        finally:
            applications.close()

    def _ask(self, applications: ServeApplications, model_input: dict[str, Any]) -> Any:
        release = self._name_release()
        route = name_route(release)
        self._check_is_served(applications, release, route)
        method, model = str(model_input.pop("method", "post")), model_input.pop("model", None)
        model = find_param(self.params, "model_id") if model is None else model
        body = model_input.get("json", model_input)
        named = None if model is None else self.require_client("run_inference()").name_served_model(model)

        def ask(content: Any) -> Any:
            return applications.ask(route, method, content, named)

        return wait_for_result(ask(body), ask)

    def _check_is_served(self, applications: ServeApplications, release: str, route: str) -> None:
        from synapse_sdk.clients.errors import ClientConnectionError

        try:
            routes = applications.list_routes()
            reason = "is not served" if f"/{route}" not in routes else None
        except ClientConnectionError as error:
            reason = f"can not be reached: {error}"
        if reason is not None:
            from synapse_sdk.plugins.actions.auto_label.deployment import ask_for_deployment

            with open_agent_client(self.ctx) as agent:
                said = ask_for_deployment(agent, release, route)
            raise ExecutionError(
                f"{release} {reason}. {said}",
                {"release": release, "route": f"/{route}"},
                hint="Try again in a minute." if said.startswith("Its deployment") else None,
            )

    def _name_release(self) -> str:
        plugin, version = find_param(self.params, "plugin"), find_param(self.params, "version")
        if not plugin or not version:
            raise ExecutionError("The params do not say which `plugin` and `version` serve the model.")
        return f"{plugin}@{version}"

"""A serve class as an action: running it asks the application that is served."""

from __future__ import annotations

import warnings
from typing import Any

from pydantic import BaseModel, Field

from synapse_sdk.plugins.action import BaseAction
from synapse_sdk.plugins.actions.inference.serve import BaseServeDeployment

with warnings.catch_warnings():
    # The vendor's requests have it; what it hides of pydantic's has been out of use for years.
    warnings.filterwarnings("ignore", message='Field name "json"')

    class ServeParams(BaseModel):
        """A request to an application."""

        json: Any = Field(default=None, description="Body of the request")
        method: str = Field(default="post", description="HTTP method")
        model: int | None = Field(default=None, description="Id of the model that it is for")


def build_serve_action(target: type[BaseServeDeployment], name: str | None) -> type[BaseAction[Any]]:
    """Return an action that asks what `target` serves: what an entrypoint becomes that names one."""

    def execute(self: BaseAction[Any]) -> Any:
        return target.infer_remote(self.params.model_dump(), self.ctx)

    members = {
        "__doc__": target.__doc__,
        "__module__": target.__module__,
        "action_name": name,
        "execute": execute,
        "params_model": ServeParams,
    }
    return type(target.__name__, (BaseAction,), members)

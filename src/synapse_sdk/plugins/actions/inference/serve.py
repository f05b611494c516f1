"""`BaseServeDeployment`: a model that answers requests, in one replica of a served application.

```text
request ──▶ header ──▶ its model, loaded once and kept ──▶ infer ──▶ the result, or a ticket for it
```

Source: interface sheet `actions.md` §3.3. Unlike there, a replica keeps a bounded number of models, each with
its folder, and prints nothing of a request. Being served itself needs Ray and comes with it.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from synapse_sdk.plugins.actions._served import is_rehearsal, name_route
from synapse_sdk.plugins.actions.inference.deferred import TicketStore, extract_ticket, is_poll_request
from synapse_sdk.plugins.actions.inference.deferred_wait import wait_for_result
from synapse_sdk.plugins.actions.inference.replica_models import ReplicaModels, load_model_files
from synapse_sdk.plugins.errors import DeploymentError, ModelLoadError, RayNotInstalledError

if TYPE_CHECKING:
    from synapse_sdk.plugins.context import RuntimeContext

#: Where applications are served, unless RAY_SERVE_ADDRESS says otherwise.
DEFAULT_ADDRESS = "http://localhost:8100"

__all__ = ["BaseServeDeployment", "create_serve_multiplexed_model_id"]


def create_serve_multiplexed_model_id(
    model_id: int | str, token: str, backend_url: str, tenant: str | None = None
) -> str:
    """Return what a request names a model by. It holds the token; see `synapse_sdk.clients.serving`."""
    from synapse_sdk.clients.serving import create_serve_multiplexed_model_id as create

    return create(model_id, token, backend_url, tenant)


class BaseServeDeployment(ABC):
    """Derive from it; write `_get_model` and `infer`."""

    #: Marks serve classes for `as_action`, which does not import this module to find out.
    _is_serve_deployment: ClassVar[bool] = True
    #: Seconds after which an answer becomes a ticket.
    serve_deadline_s: ClassVar[float] = 8.0
    #: Models that a replica keeps; the one that was not asked for longest goes.
    models_at_most: ClassVar[int] = 4

    def __init__(self, backend_url: str) -> None:
        """Set up a replica.

        Args:
            backend_url: Address of the server that has the models.
        """
        self.backend_url = backend_url
        self.tickets = TicketStore()
        self._models = ReplicaModels(self.models_at_most)

    @abstractmethod
    async def _get_model(self, model_info: dict[str, Any]) -> Any:
        """Load a model with your framework: its record, with its folder as `path`."""

    @abstractmethod
    async def infer(self, *args: Any, **kwargs: Any) -> Any:
        """Answer one request."""

    async def infer_batch(self, requests: list[Any]) -> list[Any]:
        """Answer several requests, one after the other unless you write it anew."""
        return [await self.infer(request) for request in requests]

    async def get_model(self, model_token: str | None = None) -> Any:
        """Return the model that a request names, loaded.

        Args:
            model_token: The request's header; that of the request at hand unless given, which needs Ray.

        Raises:
            ModelLoadError: It can not be had, or not be loaded.
            RayNotInstalledError: No header is given.
        """
        if model_token is None:
            raise RayNotInstalledError(
                "Which request is at hand, only Ray knows: give get_model() its header."
            )
        return await self._load_model_multiplexed(model_token)

    async def handle_inference(
        self,
        body: Any,
        input_model: type[BaseModel] | None,
        runner: Callable[[Any], Awaitable[Any] | Any],
        *,
        deadline_s: float | None = None,
    ) -> Any:
        """Answer a request in time: with the result, or with a ticket that is good for it.

        Args:
            body: The request's.
            input_model: What it is checked against; None for what needs no check.
            runner: Makes the result; `async`, or a function, which runs in a thread.
            deadline_s: Seconds, instead of `serve_deadline_s`.

        Raises:
            pydantic.ValidationError: The body does not fit.
            RuntimeError: Too many results are being made already.
        """
        patience_s = self.serve_deadline_s if deadline_s is None else deadline_s
        if is_poll_request(body):
            return await self.tickets.take(extract_ticket(body) or "", patience_s)
        given = body if input_model is None else input_model.model_validate(body)
        return await self.tickets.run(_call(runner, given), patience_s)

    @classmethod
    def dispatch(cls, params: Mapping[str, Any], ctx: RuntimeContext) -> Any:
        """Ask the application that is served; see `infer_remote`."""
        return cls.infer_remote(params, ctx)

    @classmethod
    def infer_remote(cls, params: Mapping[str, Any], ctx: RuntimeContext) -> Any:
        """Ask the application that is served on this machine, and wait for its answer.

        Args:
            params: `json` is the body, `method` the HTTP method ("post"), `model` the model's id.
            ctx: The run's.

        Raises:
            ClientError: It refuses, or can not be reached.
            ExecutionError: Nothing says which release this is; or the answer could not be made, was lost, or
                took too long.
        """
        if is_rehearsal(ctx):
            ctx.client.make_up("no model was asked; an empty answer was made up.")
            return {}
        from synapse_sdk.clients.serving import ServeApplications

        route = _find_route(ctx)
        model = params.get("model")
        named = ctx.client.name_served_model(model) if model else None
        applications = ServeApplications(str(ctx.env.get("RAY_SERVE_ADDRESS") or DEFAULT_ADDRESS))

        def ask(body: Any) -> Any:
            return applications.ask(route, str(params.get("method") or "post"), body, named)

        try:
            return wait_for_result(ask(params.get("json")), ask)
        finally:
            applications.close()

    async def _load_model_multiplexed(self, model_token: str) -> Any:
        return await self._models.get(model_token, lambda folder: self._load(model_token, folder))

    async def _load(self, model_token: str, folder: str) -> Any:
        import asyncio

        try:
            info = await asyncio.to_thread(load_model_files, model_token, self.backend_url, folder)
            return await self._get_model(info)
        except Exception as error:
            raise ModelLoadError(f"The model could not be loaded: {type(error).__name__}: {error}") from error


def _find_route(ctx: RuntimeContext) -> str:
    if checksum := ctx.env.get("SYNAPSE_PLUGIN_RELEASE_CHECKSUM"):
        return str(checksum)
    if release := ctx.env.get("SYNAPSE_PLUGIN_RELEASE_CODE"):
        return name_route(str(release))
    raise DeploymentError(
        "Which release is to be asked, neither SYNAPSE_PLUGIN_RELEASE_CHECKSUM nor "
        "SYNAPSE_PLUGIN_RELEASE_CODE says.",
        hint="Set SYNAPSE_PLUGIN_RELEASE_CODE, such as detector@1.0.0.",
    )


async def _call(runner: Callable[[Any], Awaitable[Any] | Any], given: Any) -> Any:
    import asyncio

    if inspect.iscoroutinefunction(runner):
        return await runner(given)
    made = await asyncio.to_thread(runner, given)
    return await made if inspect.isawaitable(made) else made

"""`LocalExecutor`: an action in this very process, so that a debugger just works.

Source: plugin guide, "Using LocalExecutor directly"; interface sheet `core.md` §6.3.
"""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.errors import SynapseError, read_words
from synapse_sdk.plugins.as_action import as_action
from synapse_sdk.plugins.context.env import PluginEnvironment
from synapse_sdk.plugins.context.runtime import RuntimeContext
from synapse_sdk.plugins.errors import ExecutionError, PluginRunError
from synapse_sdk.plugins.events import EventStream, Sink
from synapse_sdk.plugins.params import validate_params
from synapse_sdk.plugins.terminal import TerminalSink

if TYPE_CHECKING:
    from pydantic import BaseModel

    from synapse_sdk.clients.backend import BackendClient
    from synapse_sdk.plugins.action import BaseAction
    from synapse_sdk.wire.envelope import Envelope
    from synapse_sdk.workspace import Workspace


class LocalExecutor:
    """Executes actions here. Reports on stderr unless told otherwise, and never prints a result."""

    def __init__(
        self,
        env: Mapping[str, Any] | None = None,
        job_id: str | None = None,
        language: str | None = None,
        *,
        sinks: Sequence[Sink] | None = None,
        default_env: Mapping[str, Any] | None = None,
        open_workspace: Callable[[], Workspace] | None = None,
        client: Any = None,
        rehearse: bool = False,
        open_client: Callable[[], Any] | None = None,
    ) -> None:
        """Set up executions.

        Args:
            env: Variables that the action sees in `ctx.env`, laid over this process's own.
            job_id: Id that events carry; one is made when the first event needs it.
            language: Language of messages written in several.
            sinks: Where events go instead of stderr; an empty list is silence.
            default_env: Variables for `ctx.env` that neither `env` nor this process sets.
            open_workspace: Opens the datasets and models to work with; this machine's unless given.
            client: A server's client for `ctx.client`.
            open_client: Opens it, when it is first asked for; the one of the login that applies unless given.
            rehearse: Make up the datasets and models that are not there, and a server's answers, each with
                a warning, and keep none.
                `TEST_MODE` in `env` says the same, as the guide's unit tests do; in the process's own
                environment it says nothing.

        Raises:
            ValidationError: `TEST_MODE` in `env` is no truth value.
        """
        self.env = env
        self.job_id = job_id
        self.language = language
        self._sinks = sinks
        self._default_env = default_env or {}
        self._open_workspace = open_workspace or open_local_workspace
        self._client = client
        self.rehearses = rehearse or bool(PluginEnvironment(env or {}).get_bool("TEST_MODE"))
        #: What was made up in rehearsals so far, a sentence for each.
        self.rehearsed: list[str] = []
        self._rehearsals: list[Workspace | BackendClient] = []
        self._open_client = open_client or open_login_client

    def execute(
        self,
        action_cls: type[BaseAction[Any]] | Callable[..., Any] | str,
        params: Mapping[str, Any] | BaseModel | None = None,
        *,
        checkpoint: Mapping[str, Any] | None = None,
    ) -> Any:
        """Validate `params`, execute the action, return what it returned.

        Args:
            action_cls: A subclass of `BaseAction`, a function, a plain class; or where one is to be imported
                from: "package.module:Name" or "package.module.Name".
            params: The params as a mapping or as the model itself; None for none.
            checkpoint: What `get_checkpoint()` shall return.

        Raises:
            PluginRunError: `action_cls` is no action, or can not be imported.
            ParamsError: The params do not fit; the message names every field, its value and its rule.
            ExecutionError: The action failed. Its own `ExecutionError` comes unchanged, others as the cause.
        """
        action_cls = as_action(_import(action_cls) if isinstance(action_cls, str) else action_cls)
        checked = validate_params(action_cls, {} if params is None else params, client=self._client)
        sinks = [TerminalSink()] if self._sinks is None else self._sinks
        stream = EventStream(sinks, job=self.job_id)
        try:
            return self.execute_checked(action_cls, checked, stream, checkpoint=checkpoint)
        finally:
            stream.close()

    def execute_checked(
        self,
        action_cls: type[BaseAction[Any]],
        params: Any,
        stream: EventStream,
        *,
        checkpoint: Mapping[str, Any] | None = None,
        envelope: Envelope | None = None,
    ) -> Any:
        """Execute with params that `validate_params` returned, reporting into `stream`, which stays open."""
        ctx = RuntimeContext(
            stream,
            PluginEnvironment(self.env or {}, os.environ, self._default_env),
            self.job_id,
            self._client,
            checkpoint=checkpoint,
            language=self.language,
            open_workspace=self._rehearse_workspace(stream) if self.rehearses else self._open_workspace,
            # What is rehearsed must not change a server.
            open_client=self._rehearse_client(stream) if self.rehearses else self._open_client,
            envelope=envelope,
        )
        owner = _process
        try:
            return action_cls(params, ctx).run()
        except ExecutionError:
            raise
        except SystemExit as exc:
            if _process != owner:
                raise  # a child that the action forked leaves, as it should
            raise ExecutionError(
                f"Action execution failed: the action called sys.exit({exc.code!r}).",
                {"exit_code": exc.code},
                hint="Return from execute() to succeed; raise an exception to fail.",
            ) from exc
        except SynapseError as exc:
            raise ExecutionError(
                f"Action execution failed: {exc.message}", exc.details, hint=exc.hint
            ) from exc
        except Exception as exc:
            raise ExecutionError(
                f"Action execution failed: {_describe(exc)}", {"exception": type(exc).__name__}
            ) from exc

    def _rehearse_workspace(self, stream: EventStream) -> Callable[[], Workspace]:
        from synapse_sdk.workspace.rehearsal import RehearsalWorkspace

        # What it made up stays there as long as this executor, because results may name it.
        workspace = RehearsalWorkspace(self._open_workspace, self._teller(stream))
        self._rehearsals.append(workspace)
        return lambda: workspace

    def _rehearse_client(self, stream: EventStream) -> Callable[[], BackendClient]:
        def make() -> BackendClient:
            from synapse_sdk.clients.rehearsal import RehearsalClient

            client = RehearsalClient(self._teller(stream))
            self._rehearsals.append(client)  # as the workspace
            return client

        return make

    def _teller(self, stream: EventStream) -> Callable[[str], None]:
        def tell(text: str) -> None:
            self.rehearsed.append(text)
            stream.message(f"Rehearsal: {text}", level="warning")

        return tell


#: Another one in each process. To ask the system for its number, for each execution, takes longer.
_process = object()


def _become_another_process() -> None:
    global _process
    _process = object()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_become_another_process)


def _import(place: str) -> Any:
    try:
        return pkgutil.resolve_name(place)
    except (ImportError, AttributeError, ValueError) as exc:
        raise PluginRunError(
            f"{place!r} can not be imported: {type(exc).__name__}: {exc}.",
            {"entrypoint": place},
            hint="Write it as 'package.module:Name'; the package must be importable from here.",
        ) from exc


def _describe(error: Exception) -> str:
    text = read_words(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def open_local_workspace() -> Workspace:
    """Open the datasets and models of this machine."""
    from synapse_sdk.settings import load_settings
    from synapse_sdk.workspace import LocalWorkspace

    return LocalWorkspace(load_settings().local_workspace_dir)


def open_login_client() -> BackendClient | None:
    """Open a client of the server that this machine is logged in to; None without address or token.

    Raises:
        SettingsError: The settings can not be read.
    """
    from synapse_sdk.settings import load_settings

    settings = load_settings()
    if settings.host is None or settings.access_token is None:
        return None
    from synapse_sdk.clients.backend import BackendClient

    return BackendClient(settings.host, settings.access_token.reveal(), tenant=settings.tenant)

"""What somebody asked for → everything about a run decided: code loaded, params checked, envelope written.

```text
RunRequest ──plan()──▶ RunPlan
```
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.errors import NotReachableError, SynapseError
from synapse_sdk._internal.jsonable import describe_json, escape_surrogates
from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk._version import __version__
from synapse_sdk.plugins.as_action import as_action
from synapse_sdk.plugins.discovery import PluginDiscovery
from synapse_sdk.plugins.enums import ExecutionMode
from synapse_sdk.plugins.errors import PluginRunError, ValidationError
from synapse_sdk.plugins.executors.local import open_local_workspace, open_login_client
from synapse_sdk.plugins.params import apply_assignments, validate_params
from synapse_sdk.plugins.registry import FoundPlugin
from synapse_sdk.settings import load_settings
from synapse_sdk.wire.envelope import (
    Envelope,
    EnvironmentReference,
    InputReference,
    PluginReference,
    Resources,
)

if TYPE_CHECKING:
    from synapse_sdk.workspace import Workspace

#: What the param that takes a dataset is called, in either dialect.
DATASET_PARAMS = ("dataset", "dataset_id")
#: Params of one run, written as JSON. Larger inputs are datasets.
PARAMS_LIMIT_BYTES = 16 * 1024 * 1024
_OWN_PACKAGE = __name__.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What somebody asked for."""

    plugin: PluginDiscovery
    action: str
    params: Mapping[str, Any] = field(default_factory=dict)
    #: `name=value` pairs laid over `params`, each read as its field wants it.
    assignments: Sequence[tuple[str, str]] = ()
    #: Id of a dataset, for the param that takes one: `dataset`, else `dataset_id`.
    dataset: int | None = None
    mode: ExecutionMode = ExecutionMode.LOCAL
    env: Mapping[str, Any] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    language: str = "en"
    open_workspace: Callable[[], Workspace] = open_local_workspace
    #: Make up what is not there, and keep nothing.
    rehearse: bool = False
    open_client: Callable[[], Any] = open_login_client
    #: Digest of the release that `plugin` is; None for a folder.
    release_digest: str | None = None
    #: Where the run is recorded; the plugin's folder unless given.
    records_folder: Path | None = None
    #: A worker runs a job of a release: what is installed there is what the release asked for.
    is_job: bool = False

    @classmethod
    def of(cls, found: FoundPlugin, action: str, **others: Any) -> RunRequest:
        """Build the request for a plugin that was found."""
        return cls(
            plugin=found.plugin,
            action=action,
            release_digest=None if found.release is None else found.release.digest,
            records_folder=found.records_folder,
            **others,
        )


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A request that can be carried out: the code is loaded, the params fit, everything is decided."""

    request: RunRequest
    action_cls: Any
    params: Any
    envelope: Envelope
    #: What does not stop the run but deserves a look.
    warnings: tuple[str, ...] = ()


class ModuleImportError(PluginRunError):
    """The plugin's own code can not be imported; `details["traceback"]` is the author's."""


def parse_mode(mode: ExecutionMode | str) -> ExecutionMode:
    """Turn a mode's name into the mode.

    Raises:
        ValidationError: There is no such mode.
    """
    try:
        return ExecutionMode(mode)
    except ValueError:
        allowed = [known.value for known in ExecutionMode]
        raise ValidationError(
            f"mode is {str(mode)!r}; allowed are {', '.join(allowed)}.",
            {"mode": str(mode), "allowed": allowed},
        ) from None


def plan(request: RunRequest) -> RunPlan:
    """Decide everything about a run, and change nothing.

    Raises:
        NotReachableError: The mode is not to be had here.
        ActionNotFoundError, ParamsError, ModuleImportError: See `run_plugin`.
    """
    require_mode(request.mode)
    config = request.plugin.config
    entry = request.plugin.get_action_config(request.action)
    action_cls, params = load_checked(request)
    folder_digest, warnings = _digest_folder(request.plugin.folder)
    envelope = Envelope(
        job=uuid7(),
        workspace="local",
        mode=request.mode.value,
        plugin=PluginReference(
            code=config.code,
            version=config.version,
            release_digest=request.release_digest,
            folder=str(request.plugin.folder),
            folder_digest=folder_digest,
        ),
        action=request.action,
        entrypoint=entry.entrypoint,
        params=_describe_params(params),
        inputs=_find_inputs(action_cls, params, request.open_workspace),
        environment=EnvironmentReference(
            interpreter=f"{sys.implementation.name} {platform.python_version()}",
            platform=f"{sys.platform}-{platform.machine()}",
            sdk_version=__version__,
        ),
        seed=int.from_bytes(os.urandom(4), "big"),
        resources=request.resources,
        language=request.language,
        created_at=utc_now(),
    )
    if len(envelope.model_dump_json()) > PARAMS_LIMIT_BYTES:
        raise ValidationError(
            f"The params are larger than {PARAMS_LIMIT_BYTES:,} bytes.",
            {"limit_bytes": PARAMS_LIMIT_BYTES},
            hint="Register large inputs with `synapse dataset register` and pass the id.",
        )
    return RunPlan(request, action_cls, params, envelope, warnings)


def require_mode(mode: ExecutionMode) -> None:
    """Refuse a mode that is not this process; never run elsewhere without a word.

    Raises:
        NotReachableError: The mode needs a Ray cluster, or is a server's.
    """
    if mode in (ExecutionMode.TASK, ExecutionMode.JOB):
        raise NotReachableError(
            f"Ray connection failed: --mode {mode.value} needs a Ray cluster, "
            "which this version of the SDK can not use yet.",
            {"mode": mode.value},
            hint="Run it here with --mode local.",
        )
    if mode is ExecutionMode.REMOTE:
        raise NotReachableError(
            "A plan is for a run in this process; a remote one is the server's to plan.",
            {"mode": mode.value},
            hint='Submit a job with run_plugin(…, mode="remote").',
        )


def load_checked(request: RunRequest) -> tuple[Any, Any]:
    """Import the action's class and validate the params; return both.

    Raises:
        ActionNotFoundError, ParamsError, ModuleImportError: See `run_plugin`.
    """
    request.plugin.get_action_config(request.action)
    action_cls = _load_action(request)
    model = getattr(action_cls, "params_model", None)
    given = apply_assignments(model, request.params, request.assignments)
    if request.dataset is not None:
        given = {**given, _find_dataset_param(model, given): request.dataset}
    return action_cls, validate_params(action_cls, given, action=request.action, refuses_unknown=True)


def _find_dataset_param(model: Any, given: Mapping[str, Any]) -> str:
    fields = getattr(model, "model_fields", {})
    name = next((name for name in DATASET_PARAMS if name in fields), None)
    if name is None:
        raise ValidationError(
            f"The action takes no dataset: its params have neither {' nor '.join(DATASET_PARAMS)}.",
            {"params": list(fields)},
            hint="Add `dataset: int` to the params model.",
        )
    if name in given:
        raise ValidationError(f"The dataset is given twice: by its folder, and {name} is {given[name]!r}.")
    return name


def _load_action(request: RunRequest) -> Any:
    folder = request.plugin.folder
    try:
        action_cls = request.plugin.get_action_class(request.action)
    except SynapseError:
        raise
    except (Exception, SystemExit) as exc:
        raise _explain_import(exc, request) from exc
    try:
        return as_action(action_cls, name=request.action)
    except PluginRunError as exc:
        entrypoint = request.plugin.get_action_entrypoint(request.action)
        message = f"The entrypoint {entrypoint!r} of {request.action} is no action: {exc.message}"
        details = {**exc.details, "entrypoint": entrypoint, "folder": str(folder)}
        raise PluginRunError(message, details, hint=exc.hint) from exc


def _explain_import(exc: BaseException, request: RunRequest) -> ModuleImportError:
    from synapse_sdk.plugins.importing import split_entrypoint
    from synapse_sdk.plugins.source import PluginSource
    from synapse_sdk.plugins.tracebacks import format_author_traceback

    entrypoint = request.plugin.get_action_entrypoint(request.action)
    details = {
        "entrypoint": entrypoint,
        "traceback": format_author_traceback(exc, request.plugin.folder),
    }
    if isinstance(exc, ModuleNotFoundError) and exc.name:
        package = exc.name.partition(".")[0]
        if package == _OWN_PACKAGE:  # it is what runs this
            return ModuleImportError(
                f"ModuleNotFoundError: {entrypoint} imports {exc.name!r}, which synapse-sdk {__version__} "
                "does not have.",
                {**details, "module": exc.name},
                hint="Is it spelt right, and does the plugin need another version of the SDK?",
            )
        own = f"{split_entrypoint(entrypoint)[0].partition('.')[0]}.{package}"
        if (file := PluginSource(request.plugin.folder).find_file(own)) is not None:
            return ModuleImportError(
                f"ModuleNotFoundError: {entrypoint} imports {exc.name!r}, which is {own!r} here.",
                {**details, "module": exc.name, "file": str(file)},
                hint=f"Write: from {own} import …",
            )
        return ModuleImportError(
            f"ModuleNotFoundError: {entrypoint} needs the module {package!r}, which is not installed.",
            {**details, "module": exc.name},
            hint=f"A job has what its release asks for: add {package} to requirements.txt and publish again."
            if request.is_job
            else f"Run `pip install -r requirements.txt`; if {package} is not in that file, add it first.",
        )
    return ModuleImportError(f"{entrypoint} can not be imported: {type(exc).__name__}: {exc}", details)


def _describe_params(params: Any) -> dict[str, Any]:
    """Write params for the envelope: defaults filled in, secret types masked."""
    described: dict[str, Any]
    if isinstance(params, BaseModel):
        try:
            described = escape_surrogates(params.model_dump(mode="json"))
            return described
        except PydanticSerializationError:
            params = params.model_dump()
    described = describe_json(params)
    return described


def _digest_folder(folder: Path) -> tuple[str | None, tuple[str, ...]]:
    """Return the digest of the code that runs, or None and why there is none."""
    from synapse_sdk.manifest import KnownFiles, ManifestError, build_manifest

    known = KnownFiles(folder, load_settings().cache_dir)
    try:
        digest = build_manifest(folder, known=known).digest
        known.save()
        return digest, ()
    except ManifestError as error:
        # A link to data elsewhere stops a release, not a run; but the record can not name the code then.
        return None, (f"This run is recorded without a digest of its code: {error.message}",)


def _find_inputs(
    action_cls: Any, params: Any, open_workspace: Callable[[], Workspace]
) -> tuple[InputReference, ...]:
    named = action_cls.input_references(params)
    if not named:
        return ()
    workspace = open_workspace()
    found = (workspace.find_input(kind, number) for kind, number in named)
    # What is not there is not recorded; the action's own call says so, in its place in the author's code.
    return tuple(reference for reference in found if reference is not None)

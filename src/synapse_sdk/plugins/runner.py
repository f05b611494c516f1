"""From "run this action of that plugin" to a recorded outcome. `run_plugin` and the CLI both come here.

```text
RunRequest ──plan()──▶ RunPlan (code loaded, params checked, envelope) ──submit()──▶ FinishedRun
```

Source: plugin guide, "Using Python"; interface sheet `core.md` §6.4.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.errors import NotReachableError, SynapseError, read_words
from synapse_sdk._internal.jsonable import (
    NotJsonError,
    describe_json,
    escape_surrogates,
    shorten,
    to_jsonable,
)
from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk._version import __version__
from synapse_sdk.plugins.as_action import as_action
from synapse_sdk.plugins.discovery import PluginDiscovery, names_folder
from synapse_sdk.plugins.enums import ExecutionMode
from synapse_sdk.plugins.errors import ExecutionError, PluginRunError, ValidationError
from synapse_sdk.plugins.events import EventStream, Sink
from synapse_sdk.plugins.executors.local import LocalExecutor, open_local_workspace, open_login_client
from synapse_sdk.plugins.params import apply_assignments, validate_params
from synapse_sdk.plugins.registry import FoundPlugin, find_anywhere
from synapse_sdk.plugins.remote_run import refuse_local_options, run_remotely
from synapse_sdk.plugins.run_record import RunRecord, RunRecordError
from synapse_sdk.settings import load_settings
from synapse_sdk.wire.envelope import (
    Envelope,
    EnvironmentReference,
    InputReference,
    PluginReference,
    Resources,
)
from synapse_sdk.wire.outcome import Cause, EndState, Failure, RunOutcome

if TYPE_CHECKING:
    from synapse_sdk.workspace import Workspace

#: What the param that takes a dataset is called, in either dialect.
DATASET_PARAMS = ("dataset", "dataset_id")
#: Params of one run, written as JSON. Larger inputs are datasets.
PARAMS_LIMIT_BYTES = 16 * 1024 * 1024
#: A result says what came out; what is large belongs into files. As JSON, ASCII only.
RESULT_LIMIT_BYTES = 16 * 1024 * 1024
#: Characters of a failure's message that people and records are told; an exception may carry a whole file.
MESSAGE_LIMIT = 10_000
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


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """An attempt that has ended. `error` is what was raised, for callers in this process."""

    outcome: RunOutcome
    record: RunRecord
    result: Any
    error: BaseException | None
    warnings: tuple[str, ...] = ()
    #: Why the record has no end, though the run has.
    record_error: RunRecordError | None = None


@dataclass(frozen=True, slots=True)
class EndedAction:
    """An action that has been executed, well or not. `error` is what was raised."""

    outcome: RunOutcome
    result: Any
    error: BaseException | None


class ModuleImportError(PluginRunError):
    """The plugin's own code can not be imported; `details["traceback"]` is the author's."""


def run_plugin(
    plugin_code: str | Path | ModuleType,
    action: str,
    params: Mapping[str, Any] | None = None,
    *,
    mode: ExecutionMode | str = ExecutionMode.LOCAL,
    env: Mapping[str, Any] | None = None,
    language: str = "en",
    sinks: Sequence[Sink] | None = None,
    rehearse: bool = False,
) -> Any:
    """Run an action and return what it returned. A local run is recorded in the plugin's `.synapse/`, that of
    a plugin that lies elsewhere in the current folder's.

    A remote run is a job of the newest release on the server that this machine is logged in to. It is waited
    for; its result is the plain value that JSON has for what the action returned.

    Args:
        plugin_code: The plugin's code: of a remote run looked up on the server; of a local one in the current
            folder and below it, then on the server, whose newest release is fetched (`code@version` says
            another). Or its folder; or, for local runs, a module that defines actions, by itself or as
            `package.module`, from the current folder on or installed.
        action: Name of the action in the config.
        params: Its params.
        mode: Where to run: "local" is this process, "remote" the server's agents.
        env: Variables for `ctx.env`, over this process's own and the config's `env`. Local runs only.
        language: Language of messages written in several.
        sinks: Where events go besides the record; stderr unless given.
        rehearse: Make up the datasets and models that are not there, and keep none. Local runs only.

    Raises:
        ConfigNotFoundError, ConfigError, ActionNotFoundError, ParamsError: The request is wrong.
        ModuleImportError: The plugin's code can not be imported.
        ExecutionError: The action failed. Of a remote run, `details` names job, state and failure.
        NotReachableError: The mode needs a server or cluster that can not be reached.
        NotAdmittedError: There is no login, or the server refuses it.
        ClientError: The server refuses for another reason, or has no such plugin.
    """
    if parse_mode(mode) is ExecutionMode.REMOTE:
        refuse_local_options(env=env, rehearse=rehearse)
        code = _code_of(plugin_code)
        return run_remotely(code, action, params or {}, language=language, sinks=_sinks_or_stderr(sinks))
    request = RunRequest.of(
        find_anywhere(plugin_code),
        action,
        params=params or {},
        mode=parse_mode(mode),
        env=env or {},
        language=language,
        rehearse=rehearse,
    )
    run = submit(plan(request), _sinks_or_stderr(sinks))
    unrecorded = [] if run.record_error is None else [run.record_error.message]
    for warning in (*run.warnings, *unrecorded):
        warnings.warn(warning, RuntimeWarning, stacklevel=2)
    if run.error is not None:
        raise run.error
    return run.result


def _sinks_or_stderr(sinks: Sequence[Sink] | None) -> Sequence[Sink]:
    if sinks is not None:
        return sinks
    from synapse_sdk.plugins.terminal import TerminalSink

    return [TerminalSink()]


def _code_of(plugin: str | Path | ModuleType) -> str:
    """Return a plugin's code: that of its folder, else what was given, which the server may know."""
    if isinstance(plugin, ModuleType):
        raise PluginRunError(
            f"The module {plugin.__name__} is no release, and a server runs releases.",
            {"module": plugin.__name__},
            hint="Publish its folder with `synapse plugin publish`, and name it by its code.",
        )
    return PluginDiscovery.from_path(Path(plugin)).config.code if names_folder(plugin) else str(plugin)


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


def submit(plan: RunPlan, sinks: Sequence[Sink]) -> FinishedRun:
    """Carry out a plan in this process and record it. Failures are in the answer, not raised.

    Raises:
        RunRecordError: The record could not be begun; nothing was run.
    """
    record = RunRecord.create(plan.request.records_folder or plan.request.plugin.folder, plan.envelope)
    stream = EventStream([record, *sinks], job=plan.envelope.job)
    ended = carry_out(plan, stream)
    lost = [
        f"{type(failure.sink).__name__} lost {failure.lost_event_count} events: {failure.error}"
        for failure in stream.failures
    ]
    record_error = None
    try:
        record.finish(ended.outcome)
    except RunRecordError as exc:  # the result is there; it must not go down with its record
        record_error = exc
    return FinishedRun(ended.outcome, record, ended.result, ended.error, tuple(lost), record_error)


def carry_out(
    plan: RunPlan, stream: EventStream, *, was_told_to_stop: Callable[[], bool] = lambda: False
) -> EndedAction:
    """Execute a plan's action in this process, reporting into `stream`, and close it.

    Failures are in the answer, not raised.

    Args:
        plan: What to execute.
        stream: Where it reports.
        was_told_to_stop: Asked once, when the action has ended. If this process was told to stop, then what
            the action raised is no failure of its own.
    """
    request, envelope = plan.request, plan.envelope
    executor = LocalExecutor(
        request.env,
        envelope.job,
        request.language,
        default_env=request.plugin.config.env_texts(),
        open_workspace=request.open_workspace,
        rehearse=request.rehearse,
        open_client=request.open_client,
    )
    started_at = utc_now()
    result: Any = None
    error: BaseException | None = None
    document: Any = None
    owner = os.getpid()
    stream.state("RUNNING")
    try:
        result = executor.execute_checked(plan.action_cls, plan.params, stream, envelope=envelope)
        document = _describe_result(result)
    except NotJsonError as exc:
        error = ExecutionError(f"Action execution failed: {exc.message}", exc.details, hint=exc.hint)
        error.__cause__ = exc
    except BaseException as exc:  # noqa: BLE001 - whatever ended the action, the record says so; `error` carries it on
        error = exc
    if os.getpid() != owner:
        # A child that the action forked came out here. How the run ends is not its to say.
        stream.close()
        raise error or SystemExit(0)
    state, cause, reason = _judge(error, was_told_to_stop=was_told_to_stop())
    stream.state(state, **({"reason": reason} if reason else {}))
    stream.close()
    outcome = RunOutcome(
        job=envelope.job,
        attempt=envelope.attempt,
        state=state,
        cause=cause,
        reason=reason,
        failure=None if error is None else describe_failure(error, request.plugin.folder),
        result=document,
        started_at=started_at,
        ended_at=utc_now(),
        event_count=stream.event_count,
        lost_event_count=stream.lost_event_count,
        rehearsed=tuple(executor.rehearsed) if request.rehearse else None,
    )
    return EndedAction(outcome, result, error)


def _describe_result(result: Any) -> Any:
    """Return a result as JSON has it; refuse one that no record should hold, here as on a server."""
    document = to_jsonable(result)
    size_bytes = len(json.dumps(document))
    if size_bytes > RESULT_LIMIT_BYTES:
        raise ExecutionError(
            f"Action execution failed: its result has {size_bytes:,} bytes as JSON; "
            f"at most {RESULT_LIMIT_BYTES:,} are kept.",
            {"size_bytes": size_bytes, "limit_bytes": RESULT_LIMIT_BYTES},
            hint="Write what is large to a file, and return its path.",
        )
    return document


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


def _judge(
    error: BaseException | None, *, was_told_to_stop: bool
) -> tuple[EndState, Cause | None, str | None]:
    if error is None:
        return "SUCCEEDED", None, None
    if isinstance(error, KeyboardInterrupt) or was_told_to_stop:
        return "STOPPED", "cancelled", "stopped on request" if was_told_to_stop else "interrupted"
    return "FAILED", "action", _message_of(error)


def describe_failure(error: BaseException, folder: Path) -> Failure:
    """Return what was raised, for people and records, with the author's traceback."""
    from synapse_sdk.plugins.tracebacks import format_author_traceback

    # An error that we wrapped is told as what it was.
    origin = error.__cause__ if isinstance(error, ExecutionError) and error.__cause__ else error
    return Failure(
        type=type(origin).__name__,
        message=_message_of(error),
        hint=str(error.hint) if isinstance(error, SynapseError) and error.hint is not None else None,
        details=describe_json(error.details) if isinstance(error, SynapseError) else {},
        traceback=format_author_traceback(origin, folder),
    )


def _message_of(error: BaseException) -> str:
    if isinstance(error, SynapseError):
        return shorten(str(error.message), limit=MESSAGE_LIMIT) or type(error).__name__
    words = shorten(read_words(error), limit=MESSAGE_LIMIT)
    told = f"{type(error).__name__}: {words}" if words else type(error).__name__
    # KeyboardInterrupt is not the action's failure, whatever it says.
    return words or told if isinstance(error, KeyboardInterrupt) else f"Action execution failed: {told}"

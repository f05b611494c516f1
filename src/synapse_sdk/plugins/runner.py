"""From "run this action of that plugin" to a recorded outcome. `run_plugin` and the CLI both come here.

```text
RunPlan (see `run_plan`) ──submit()──▶ FinishedRun
```

Source: plugin guide, "Using Python"; interface sheet `core.md` §6.4.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.errors import SynapseError, read_words
from synapse_sdk._internal.jsonable import (
    NotJsonError,
    describe_json,
    shorten,
    to_jsonable,
)
from synapse_sdk.plugins.discovery import PluginDiscovery, names_folder
from synapse_sdk.plugins.enums import ExecutionMode
from synapse_sdk.plugins.errors import ExecutionError, PluginRunError
from synapse_sdk.plugins.events import EventStream, Sink
from synapse_sdk.plugins.executors.local import LocalExecutor
from synapse_sdk.plugins.registry import find_anywhere
from synapse_sdk.plugins.remote_run import refuse_local_options, run_remotely
from synapse_sdk.plugins.run_plan import RunPlan, RunRequest, parse_mode, plan
from synapse_sdk.plugins.run_record import RunRecord, RunRecordError
from synapse_sdk.wire.outcome import Cause, EndState, Failure, RunOutcome

if TYPE_CHECKING:
    pass

#: A result says what came out; what is large belongs into files. As JSON, ASCII only.
RESULT_LIMIT_BYTES = 16 * 1024 * 1024
#: Characters of a failure's message that people and records are told; an exception may carry a whole file.
MESSAGE_LIMIT = 10_000


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

"""`RuntimeContext`: the one object through which an action speaks to its surroundings.

Source: interface sheet `core.md` §3.1, both dialects: `step=` is also `category=`,
a level is an enum or text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.errors import ExecutionError

if TYPE_CHECKING:
    from synapse_sdk.i18n import LocalizedMessage
    from synapse_sdk.plugins.base_logger import BaseLogger
    from synapse_sdk.plugins.events import EventTarget
    from synapse_sdk.plugins.log_messages import LogMessageCode
    from synapse_sdk.wire.envelope import Envelope
    from synapse_sdk.workspace import Workspace

_LEVELS = frozenset(level.value for level in LogLevel)


class RuntimeContext:
    """Progress, metrics and messages out; environment, workspace, client and checkpoint in."""

    __slots__ = (
        "_client",
        "_events",
        "_logger",
        "_open_client",
        "_open_workspace",
        "_whole",
        "_workspace",
        "agent_client",
        "checkpoint",
        "current_step",
        "env",
        "envelope",
        "job_id",
        "language",
        "v2_client",
    )

    def __init__(
        self,
        logger: EventTarget | BaseLogger,
        env: Mapping[str, Any],
        job_id: str | None = None,
        client: Any = None,
        v2_client: Any = None,
        agent_client: Any = None,
        checkpoint: Mapping[str, Any] | None = None,
        language: str | None = None,
        *,
        open_workspace: Callable[[], Workspace] | None = None,
        open_client: Callable[[], Any] | None = None,
        envelope: Envelope | None = None,
    ) -> None:
        """Gather an action's surroundings.

        Args:
            logger: Where events go: a run's stream, or a logger of `synapse_sdk.loggers`.
            env: Environment variables that the action sees.
            job_id: Id of the job or run, None outside of one.
            client: Client of the server; None without one.
            v2_client: Client of the newer server interface; None without one.
            agent_client: Client of the agent; None without one.
            checkpoint: Checkpoint chosen by whoever submitted the job, as `get_checkpoint()` returns it.
            language: Language of messages written in several, "en" unless given.
            open_workspace: Opens the workspace of this run; called once, on first use.
            open_client: Opens the server's client where `client` is not given; called once, on first use.
            envelope: Everything that was decided about this run; None when it is not recorded.
        """
        self._events: EventTarget
        self._logger: BaseLogger | None
        self._report_to(logger)
        self.env = env
        self.job_id = job_id
        self._client = client
        self._open_client = open_client
        self.v2_client = v2_client
        self.agent_client = agent_client
        self.checkpoint = checkpoint
        self.language = language
        self.envelope = envelope
        #: The step that a workflow is at: what is reported without a step belongs to it.
        self.current_step: str | None = None
        #: What `set_overall_progress` speaks of: a step's name, where it begins there, its part of that.
        self._whole: tuple[str | None, float, float] = (None, 0.0, 1.0)
        self._open_workspace = open_workspace
        self._workspace: Workspace | None = None

    @property
    def logger(self) -> BaseLogger:
        """What this run reports to, with the calls of a logger: `ctx.logger.info("…")`."""
        if self._logger is None:
            from synapse_sdk.plugins.stream_logger import StreamLogger

            self._logger = StreamLogger(self._events, lambda: self.current_step)
        return self._logger

    @logger.setter
    def logger(self, logger: BaseLogger) -> None:
        self._report_to(logger)

    @property
    def events(self) -> EventTarget:
        """What this run reports to, as a stream of events: for a context of a part of the run."""
        return self._events

    def _report_to(self, logger: Any) -> None:
        # Told apart without loading what only few use: nearly every run has a stream.
        if hasattr(logger, "_log_impl"):
            from synapse_sdk.plugins.base_logger import LoggerEvents

            self._logger, self._events = logger, LoggerEvents(logger)
        else:
            self._logger, self._events = None, logger

    @property
    def client(self) -> Any:
        """A `BackendClient`, with the job's token in a job and with your login elsewhere; else None."""
        if self._client is None and self._open_client is not None:
            open_client, self._open_client = self._open_client, None
            self._client = open_client()
        return self._client

    @client.setter
    def client(self, client: Any) -> None:
        self._client = client

    @property
    def client_v1(self) -> Any:
        """The same as `client`."""
        return self.client

    @property
    def client_v2(self) -> Any:
        """The same as `v2_client`."""
        return self.v2_client

    @property
    def seed(self) -> int | None:
        """A number to seed random generators with, recorded with the run; None when it is not recorded."""
        return self.envelope.seed if self.envelope else None

    @property
    def workspace(self) -> Workspace:
        """Datasets and models of this run.

        Raises:
            ExecutionError: This context was made without a workspace.
        """
        if self._workspace is None:
            if self._open_workspace is None:
                raise ExecutionError(
                    "This action asked for a dataset or model, but runs without a workspace.",
                    hint="Run it through LocalExecutor, run_plugin or `synapse plugin run`.",
                )
            self._workspace = self._open_workspace()
        return self._workspace

    def set_progress(
        self, current: float, total: float, step: str | None = None, *, category: str | None = None
    ) -> None:
        """Say how far a step has come. `category` is the older name of `step`.

        Raises:
            ValueError: `total` is not positive, or `current` lies outside 0..total.
        """
        if step is None:
            step = self.current_step if category is None else category
        self._events.progress(step, current, total)

    def set_overall_progress(self, percent: float) -> None:
        """Say how far the whole has come, whatever step it is at.

        Raises:
            ValueError: `percent` lies outside 0..100.
        """
        step, begin, size = self._whole
        if size == 1:
            self._events.progress(step, percent, 100)
        elif 0 <= percent <= 100:
            self._events.progress(step, min(100 * begin + size * percent, 100), 100)
        else:
            raise ValueError(f"progress must lie between 0 and 100 percent, not at {percent}")

    @contextmanager
    def sharing_progress(self) -> Iterator[Callable[[str, float, float], None]]:
        """Split the whole among several actions that report here one after the other.

        Yields:
            A function to call before each: its name, where its part of the whole begins, and the part's
            size, both from 0 to 1. Until the next call the name is the current step, and 100 percent are
            that part's end. Inside of a step the whole is that step.
        """
        outer_step, outer_whole = self.current_step, self._whole

        def share(name: str, begin: float, size: float) -> None:
            self.current_step = name
            self._whole = (outer_step, begin, size)

        try:
            yield share
        finally:
            self.current_step, self._whole = outer_step, outer_whole

    def set_metrics(
        self, value: Mapping[str, Any], step: str | None = None, *, category: str | None = None
    ) -> None:
        """Record numbers of a step; each key is a series of its own. `category` is the older name of `step`.

        Raises:
            TypeError: `value` is not a mapping.
        """
        if type(value) is not dict and not isinstance(value, Mapping):
            raise TypeError(f"metrics must be a mapping of names to numbers, not {type(value).__name__}")
        if step is None:
            step = self.current_step if category is None else category
        self._events.metrics(step, value)

    def log(
        self,
        event: str,
        data: Mapping[str, Any],
        file: str | None = None,
        level: LogLevel | str = LogLevel.INFO,
        *,
        step: str | None = None,
    ) -> None:
        """Record an event of the author's own.

        Raises:
            TypeError: `data` is not a mapping.
        """
        if not isinstance(data, Mapping):
            raise TypeError(f"the data of an event must be a mapping, not {type(data).__name__}")
        step = self.current_step if step is None else step
        self._events.log(event, data, file=file, level=_name_level(level), step=step)

    def log_message(
        self,
        message: str | Mapping[str, str] | LogMessageCode | LocalizedMessage,
        level: LogLevel | str = LogLevel.INFO,
        *,
        context: LogLevel | str | None = None,
        step: str | None = None,
        language: str | None = None,
        **values: Any,
    ) -> None:
        """Tell a person something.

        Args:
            message: The text; the text in several languages: `{"en": …, "ko": …}` or a `LocalizedMessage`;
                or a `LogMessageCode`, whose own level counts, and which is kept as the message's `key`.
            level: How it wants to be read: debug, info, success, warning, danger, error, critical.
                Other words are kept as they are.
            context: The older name of `level`.
            step: The step that it belongs to.
            language: Language to pick, instead of this run's.
            **values: Fill the message's `{placeholders}`. Without any, braces stay as they are.

        Raises:
            KeyError: A placeholder has no value.
        """
        level = level if context is None else context
        key = None
        if type(message) is str:
            text = message.format(**values) if values else message
        else:
            from synapse_sdk.plugins.log_messages import find_text

            text, own_level, key = find_text(message, language or self.language or "en", values)
            level = own_level or level
        self._events.message(
            text, level=_name_level(level), step=self.current_step if step is None else step, key=key
        )

    def end_log(self) -> None:
        """Say that the run is complete. Events can still follow."""
        from synapse_sdk.plugins.log_messages import CommonLogMessageCode

        self.log_message(CommonLogMessageCode.PLUGIN_RUN_COMPLETE)

    def log_metric(self, category: str, key: str, value: float, **metrics: float) -> None:
        """Record one number of `category`, and others that were measured with it."""
        self._events.metric(str(category), key, value, metrics)

    def log_visualization(self, category: str, group: str, index: int, image: str, **meta: Any) -> None:
        """Record a picture's file as part of a gallery."""
        body = {"category": category, "group": group, "index": index, **meta}
        self._events.log("visualization", body, file=str(image), level="info")

    def log_trials(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        trials: Mapping[str, Any] | None = None,
        base: Sequence[str] = (),
        hyperparameters: Sequence[str] = (),
        metrics: Sequence[str] = (),
        best_trial: str = "",
    ) -> None:
        """Record the table of a tuning's trials, as `data` or in its parts.

        Args:
            data: The whole table, as the parts below make it.
            trials: Id → the trial's `base`, `hyperparameters` and `metrics`.
            base: Columns that say what a trial is.
            hyperparameters: Columns of what was tried.
            metrics: Columns of what it came to.
            best_trial: Id of the best one so far.

        Raises:
            ValueError: `data` has no `trials`.
        """
        if data is not None and "trials" not in data:
            raise ValueError(
                f"a table of trials needs 'trials'; this has {', '.join(map(str, data)) or 'nothing'}"
            )
        parts = {
            "base": list(base),
            "trials": dict(trials or {}),
            "hyperparameters": list(hyperparameters),
            "metrics": list(metrics),
            "best_trial": best_trial,
        }
        self.log("trials", parts if data is None else data)

    def log_dev_event(self, message: str, data: Mapping[str, Any] | None = None) -> None:
        """Record something for the plugin's developer; shown only with debug output."""
        self._events.log("dev_event", {"message": message, "data": dict(data or {})}, level="debug")


def _name_level(level: LogLevel | str) -> str:
    if isinstance(level, LogLevel):
        return level.value
    # The older dialect took any word here, so an unknown one must not end somebody's training.
    word = str(level).lower()
    return word if word in _LEVELS else str(level)

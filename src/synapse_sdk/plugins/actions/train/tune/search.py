"""`LocalSearch`: one trial after the other, in this process.

Everything is drawn and checked before the first trial trains, so a draw that the params model refuses costs
nothing. Source: interface sheet `actions.md` §2.4; its weak spot 28 is not ours: a trial has the run's client
and workspace, and of the table only the rows that changed are sent.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from synapse_sdk._internal.errors import SynapseError, read_words
from synapse_sdk.plugins.actions.train.artifact import keep_artifact, name_artifact
from synapse_sdk.plugins.actions.train.log_messages import TrainLogMessageCode
from synapse_sdk.plugins.actions.train.tune.config import TuneConfig
from synapse_sdk.plugins.actions.train.tune.refusal import Problem, read_problems, refuse
from synapse_sdk.plugins.actions.train.tune.space import SearchSpace
from synapse_sdk.plugins.actions.train.tune.stopping import REPORT_COUNT, TrialStopped, build_stop_rule
from synapse_sdk.plugins.actions.train.tune.table import TrialTable
from synapse_sdk.plugins.actions.train.tune.trial import (
    VALIDATION,
    Trial,
    find_reported,
    show_value,
    tell_draw,
)
from synapse_sdk.plugins.actions.train.tune.trial_events import TrialEvents
from synapse_sdk.plugins.actions.train.tune.trial_params import build_params
from synapse_sdk.plugins.context.env import PluginEnvironment
from synapse_sdk.plugins.context.runtime import RuntimeContext
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.inputs import find_param

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train.action import BaseTrainAction
    from synapse_sdk.plugins.actions.train.context import TrainContext
    from synapse_sdk.workspace import ModelInfo

#: More than this is a slip of the pen: a grid of grids, or a zero too many.
MOST_TRIALS = 10_000


class _GeneratorOptions(BaseModel):
    """What `basicvariantgenerator` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Hyperparameters to begin with, before what is drawn; each is one of the samples.
    points_to_evaluate: list[dict[str, Any]] = Field(default_factory=list)
    constant_grid_search: bool = False
    random_state: int | None = None
    #: Has no effect here.
    max_concurrent: int | None = None


class LocalSearch:
    """The trials of a search, drawn and checked; `run` trains them."""

    def __init__(self, action: BaseTrainAction[Any]) -> None:
        """Read the search out of the action's params, and draw.

        Raises:
            ParamsError: The space or `tune_config` does not fit, or the params model refuses a draw.
        """
        self._action = action
        self.space = SearchSpace.parse(find_param(action.params, "hyperparameters"))
        self.config = TuneConfig.parse(find_param(action.params, "tune_config"))
        self._options = self._read_generator_options()
        self.seed = self._choose_seed()
        self._stop_rule, self._time_attr = build_stop_rule(self.config.scheduler)
        self._warned_of_no_time = False
        self.trials = self._draw()
        self._params = [build_params(action, trial) for trial in self.trials]
        self._table = TrialTable(action.ctx, self.config.metric, self.space.names)
        #: What the best trial's training returned.
        self.best_result: Any = None

    @property
    def best(self) -> Trial | None:
        """The trial whose objective is best so far; one that was stopped only where none came to its end."""
        known = [trial for trial in self.trials if trial.value is not None]
        return max(
            known, key=lambda trial: (trial.status == "completed", self._rank(trial.value)), default=None
        )

    def run(self, context: TrainContext) -> None:
        """Train every trial.

        Raises:
            ExecutionError: No trial came to an end; the first one's error is the cause.
        """
        self._announce()
        context.set_progress(0, len(self.trials))
        first_error: Exception | None = None
        for index, (trial, params) in enumerate(zip(self.trials, self._params, strict=True)):
            try:
                self._train(trial, params, context, index)
            except Exception as error:  # noqa: BLE001 - border of the author's code: the other trials go on
                first_error = first_error or error
                self._fail(trial, error)
            except SystemExit as error:
                end = ExecutionError(f"The training called sys.exit({error.code!r}).")
                first_error = first_error or end
                self._fail(trial, end)
            context.set_progress(index + 1, len(self.trials))
            self._tell(trial, index)
        self._table.send_all(self.trials, self.best)
        if self.best is None:
            count = len(self.trials)
            raise ExecutionError(
                f"{'The only trial' if count == 1 else f'Each of the {count} trials'} failed. "
                f"{self.trials[0].trial_id}: {self.trials[0].error}",
                {"trials": [trial.describe() for trial in self.trials]},
                hint=getattr(first_error, "hint", None),
            ) from first_error

        self._report_best()

    def _report_best(self) -> None:
        """Tell the best trial to a platform that keeps trainings. Of jobs of our own it is in the result."""
        ctx, best = self._action.ctx, self.best
        if best is None or ctx.envelope is not None or ctx.job_id is None or ctx.client is None:
            return
        try:
            ctx.client.override_best_trial(ctx.job_id, {"trial_id": best.trial_id, **best.hyperparameters})
        except SynapseError as error:
            ctx.log_message(TrainLogMessageCode.TRAIN_TUNE_BEST_TRIAL_SYNC_FAILED)
            ctx.log_dev_event(error.message, error.details)

    def describe(self) -> dict[str, Any]:
        """Return what the result of a search says."""
        best = self.best
        assert best is not None
        return {
            "best_trial": best.trial_id,
            "best_result": {
                "trial_id": best.trial_id,
                "hyperparameters": best.hyperparameters,
                "metrics": {self.config.metric: best.value},
                "model_id": best.model_id,
            },
            "trial_models": [
                {"trial_id": trial.trial_id, "id": trial.model_id, "name": trial.model_name}
                for trial in self.trials
                if trial.model_id is not None
            ],
            "trials": [trial.describe() for trial in self.trials],
            "failed_trials": sum(trial.status == "failed" for trial in self.trials),
            "seed": self.seed,
        }

    def _draw(self) -> list[Trial]:
        points = [self._check_point(point) for point in self._options.points_to_evaluate]
        # Each of them is one of the samples, as Ray counts.
        sample_count = max(self.config.num_samples - len(points), 0)
        count = self.space.count_draws(sample_count)
        count += sum(self.space.count_draws(1, point) for point in points)
        if count > MOST_TRIALS:
            raise refuse(
                "The search does not fit:",
                [
                    Problem(
                        ("tune_config", "num_samples"),
                        f"it makes {count:,} trials, of {MOST_TRIALS:,} at most",
                    )
                ],
                hint="Give the grid fewer options, or tune_config a smaller num_samples.",
            )
        source = random.Random(self.seed)  # noqa: S311 - draws, no secrets
        draws = [draw for point in points for draw in self.space.draw_all(1, source, given=point)]
        draws += self.space.draw_all(sample_count, source, holds_random=self._options.constant_grid_search)
        width = len(str(len(draws)))
        return [
            Trial(f"trial_{number:0{width}}", hyperparameters)
            for number, hyperparameters in enumerate(draws, start=1)
        ]

    def _check_point(self, point: Mapping[str, Any]) -> Mapping[str, Any]:
        if unknown := sorted(point.keys() - set(self.space.names)):
            at = ("tune_config", "search_alg", "options", "points_to_evaluate")
            raise refuse(
                "The options of basicvariantgenerator do not fit:",
                [Problem(at, f"{', '.join(unknown)}: the space has {', '.join(self.space.names)}")],
            )
        return point

    def _train(self, trial: Trial, params: Any, context: TrainContext, index: int) -> None:
        trial.status = "running"
        self._table.send(trial, self.best)
        report_count = 0

        def take_progress(fraction: float) -> None:
            context.set_progress(index + fraction, len(self.trials))

        def take_report(category: str, values: Mapping[str, float]) -> None:
            nonlocal report_count
            trial.take_report(category, values)
            value = find_reported(self.config.metric, category, values)
            if self._stop_rule is None or value is None:
                return
            report_count += 1
            counted = report_count if self._time_attr == REPORT_COUNT else math.nan
            moment = values.get(self._time_attr, counted)
            if not math.isfinite(moment):
                self._warn_of_no_time(trial, category)
                return
            # A training whose objective is no number any more is worse than any other.
            rank = self._rank(value) if math.isfinite(value) else -math.inf
            if self._stop_rule.should_stop(trial.trial_id, moment, rank):
                raise TrialStopped

        events = TrialEvents(self._action.ctx.events, trial, on_progress=take_progress, on_report=take_report)
        result, weights = None, None
        with self._in_environment(trial) as variables:
            action = type(self._action)(params, self._make_context(events, variables))
            try:
                result, weights = action.run_trial(context.data_path)
                trial.status = "completed"
            except TrialStopped:
                trial.status = "stopped"
            except BaseException as error:
                if not isinstance(error, Exception | SystemExit):  # Ctrl-C ends the search
                    trial.status = "stopped"
                    self._table.send(trial, self.best)
                raise
            trial.finish(result, self.config.metric)
            kept = None if weights is None else self._keep(action, trial, weights)
        if self.best is trial:
            # The next trial may write over the file; what was kept stays.
            self.best_result = result if kept is None else name_artifact(result, kept["path"])

    def _keep(self, action: BaseTrainAction[Any], trial: Trial, weights: str | os.PathLike[str]) -> ModelInfo:
        title = find_param(action.params, "name") or f"tune_{action.ctx.job_id or 'run'}"
        try:
            model = keep_artifact(
                action,
                weights,
                metrics=trial.describe_numbers(self.config.metric),
                name=f"{title}_{trial.trial_id}",
            )
        except SynapseError:
            self._action.ctx.log_message(
                TrainLogMessageCode.TRAIN_TUNE_TRIAL_UPLOAD_FAILED, trial_id=trial.trial_id
            )
            raise
        trial.model_id, trial.model_name = model["id"], model["name"]
        return model

    def _make_context(self, events: TrialEvents, variables: Mapping[str, str]) -> RuntimeContext:
        outer = self._action.ctx
        return RuntimeContext(
            events,
            PluginEnvironment(variables, outer.env),
            outer.job_id,
            v2_client=outer.v2_client,
            agent_client=outer.agent_client,
            checkpoint=outer.checkpoint,
            language=outer.language,
            open_workspace=lambda: outer.workspace,
            open_client=lambda: outer.client,
            envelope=outer.envelope,
        )

    @contextmanager
    def _in_environment(self, trial: Trial) -> Iterator[dict[str, str]]:
        # Plugins from elsewhere ask the process for these, not the context.
        variables = {
            "IS_TUNE": "true",
            "SYNAPSE_TRIAL_ID": trial.trial_id,
            "SYNAPSE_TUNE_JOB_ID": str(self._action.ctx.job_id or ""),
        }
        before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        try:
            yield variables
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def _fail(self, trial: Trial, error: Exception) -> None:
        words = error.message if isinstance(error, SynapseError) else read_words(error)
        kind = "" if isinstance(error, SynapseError) else type(error).__name__
        trial.status, trial.value = "failed", None
        trial.error = ": ".join(part for part in (kind, words) if part) or kind
        self._action.ctx.log_message(TrainLogMessageCode.TRAIN_TUNE_TRIAL_ERROR, trial_id=trial.trial_id)

    def _tell(self, trial: Trial, index: int) -> None:
        self._table.send(trial, self.best)
        drawn = tell_draw(trial.hyperparameters)
        outcome = trial.error if trial.value is None else f"{self.config.metric} {show_value(trial.value)}"
        stopped = " (stopped early)" if trial.status == "stopped" else ""
        best = "" if self.best is not trial else ", the best so far"
        self._action.ctx.log_message(
            f"{trial.trial_id} of {len(self.trials)}: {drawn} → {outcome}{stopped}{best}"
        )

    def _announce(self) -> None:
        ctx, config = self._action.ctx, self.config
        for field in [
            *self.space.unused_fields,
            *config.unused_fields,
        ]:
            ctx.log_message(f"{field} means nothing to this search, and is not used.", "warning")
        if max(config.max_concurrent_trials or 1, self._options.max_concurrent or 1) > 1:
            ctx.log_message("Trials run one after the other here; max_concurrent_trials has no effect.")
        if self._stop_rule is not None and not config.metric.rpartition("/")[0]:
            ctx.log_message(
                f"{config.scheduler.name} compares what is reported as {config.metric} of {VALIDATION!r}."
            )
        what = "trial" if len(self.trials) == 1 else "trials"
        ctx.log_message(
            f"{len(self.trials)} {what}, after the "
            f"{'smallest' if config.mode == 'min' else 'largest'} {config.metric}, seed {self.seed}."
        )

    def _warn_of_no_time(self, trial: Trial, category: str) -> None:
        if not self._warned_of_no_time:
            self._warned_of_no_time = True
            self._action.ctx.log_message(
                f"{trial.trial_id} reported {self.config.metric} in {category!r} without a number as "
                f"{self._time_attr}, which {self.config.scheduler.name} counts time in; it passes over such "
                "reports.",
                "warning",
            )

    def _rank(self, value: float | None) -> float:
        assert value is not None
        return -value if self.config.mode == "min" else value

    def _choose_seed(self) -> int:
        given = (self.config.seed, self._options.random_state, self._action.ctx.seed)
        return next((seed for seed in given if seed is not None), time.time_ns() % 2**31)

    def _read_generator_options(self) -> _GeneratorOptions:
        try:
            return _GeneratorOptions.model_validate(self.config.search_alg.options)
        except pydantic.ValidationError as error:
            raise refuse(
                f"The options of {self.config.search_alg.name} do not fit:",
                read_problems(error, ("tune_config", "search_alg", "options")),
            ) from error

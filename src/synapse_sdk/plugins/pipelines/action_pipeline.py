"""`ActionPipeline`: actions one after the other, in one process, checked against each other beforehand.

Source: interface sheet `core.md` §9. Unlike there, the check looks at types and rules, what it found is told,
and a failure keeps its cause and its facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from synapse_sdk.plugins.errors import SchemaIncompatibleError
from synapse_sdk.plugins.pipelines.checking import (
    Finding,
    FindingKind,
    check_stages,
    iter_wanted,
)
from synapse_sdk.plugins.pipelines.stage import Stage, read_values

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction
    from synapse_sdk.plugins.context import RuntimeContext

__all__ = ["ActionPipeline", "SchemaIncompatibleError"]


class ActionPipeline:
    """Runs actions in order; each takes the first params and all that was returned before it.

    ```python
    pipeline = ActionPipeline([Download, Convert, Train], strict=True)
    result = LocalExecutor().execute(pipeline, {"url": "…"})
    ```
    """

    def __init__(
        self,
        actions: Sequence[type[BaseAction[Any]]],
        *,
        validate_schemas: bool = True,
        strict: bool = False,
    ) -> None:
        """Put actions together.

        Args:
            actions: Classes derived from `BaseAction`, functions or plain classes.
            validate_schemas: Compare what each gives with what those behind it take. See `findings`.
            strict: Refuse a pipeline whose actions do not go together; else `execute` warns of it.

        Raises:
            ValueError: There are none.
            PluginRunError: One of them is no action.
            SchemaIncompatibleError: They do not go together, and `strict` is asked for.
        """
        self._actions = list(actions)
        if not self._actions:
            raise ValueError("A pipeline needs at least one action; this one has none.")
        self._stages = [Stage(action, place) for place, action in enumerate(self._actions)]
        #: What speaks against the actions in this order; empty where nothing does, or nobody asked.
        self.findings: tuple[Finding, ...] = check_stages(self._stages) if validate_schemas else ()
        if strict:
            self._refuse_findings()

    def __repr__(self) -> str:
        return f"ActionPipeline({' | '.join(stage.action.__name__ for stage in self._stages)})"

    def __call__(self, params: Any, ctx: Any) -> Any:
        """Execute: this is what lets an executor run a pipeline as it runs a function."""
        return self.execute(params, ctx)

    @property
    def actions(self) -> list[type[BaseAction[Any]]]:
        """The actions, in order; changing the list changes nothing here."""
        return list(self._actions)

    def validate_initial_params(self, params: Mapping[str, Any] | BaseModel) -> list[str]:
        """Return what is missing in the first params, as `Action.field`. Values are not looked at."""
        held = gather(params)
        return [place for place, names in iter_wanted(self._stages) if held.keys().isdisjoint(names)]

    def _refuse_findings(self) -> None:
        against = [finding for finding in self.findings if finding.kind is not FindingKind.UNPROVEN]
        if against:
            raise SchemaIncompatibleError(
                "The actions of this pipeline do not fit together:\n  " + "\n  ".join(map(str, against)),
                {"findings": [finding.to_document() for finding in against]},
                hint="Change the result model or the params model; or leave out strict=True, "
                "and each action's params are validated when it is its turn.",
            )

    def execute(
        self,
        params: Mapping[str, Any] | BaseModel,
        ctx: RuntimeContext,
        *,
        progress_callback: Callable[[int, int, str], None] | None = None,
    ) -> Any:
        """Run the actions.

        Args:
            params: What the first action takes, and whatever later ones take that none before returns.
            ctx: Where all of them report. What an action reports without a step stands under its name.
            progress_callback: Called with (place from 0, count, name) before each action, and at the end with
                (count, count, "complete").

        Returns:
            What the last action returned, as it is.

        Raises:
            PipelineParamsError: What an action would get does not fit its params.
            PipelineError: An action failed. It is a `RuntimeError`; the action's own exception is its cause.
        """
        for finding in self.findings:
            # That an action says nothing of its result is worth a word only where something is missing.
            if finding.path or finding.kind is not FindingKind.NO_RESULT_MODEL:
                ctx.log_message(f"Pipeline: {finding}.", "warning")
        held = gather(params)
        count = len(self._stages)
        result = None
        with ctx.sharing_progress() as share:
            for stage in self._stages:
                if progress_callback is not None:
                    progress_callback(stage.place, count, stage.name)
                share(stage.name, stage.place / count, 1 / count)
                result = stage.run(held, ctx)
                ctx.set_overall_progress(100)
                if stage.place + 1 < count:
                    stage.add(result, held, ctx)
        if progress_callback is not None:
            progress_callback(count, count, "complete")
        return result

    def submit(
        self,
        params: Mapping[str, Any] | BaseModel,
        executor: Any,
        *,
        name: str | None = None,
        resume_from: str | None = None,
    ) -> str:
        """Hand the pipeline to an executor elsewhere; return the id of its run.

        Args:
            params: As for `execute`.
            executor: Anything with `submit(definition, params, *, resume_from)`.
            name: What the pipeline is called; its actions' names unless given.
            resume_from: The run whose results are gone on from.
        """
        from synapse_sdk.plugins.pipelines.definition import PipelineDefinition

        names = [stage.name for stage in self._stages]
        definition = PipelineDefinition(name or "-".join(names), self.actions, " | ".join(names))
        return str(executor.submit(definition, gather(params), resume_from=resume_from))

    def wait(
        self, run_id: str, executor: Any, *, timeout_seconds: float = 3600, poll_interval: float = 5.0
    ) -> Any:
        """Wait for a submitted run; return its result.

        Args:
            run_id: What `submit` returned.
            executor: Anything with `wait(run_id, timeout_seconds, poll_interval)` and `get_result(run_id)`.
            timeout_seconds: How long; then the executor's own error.
            poll_interval: How often it asks, in seconds.
        """
        executor.wait(run_id, timeout_seconds, poll_interval)
        return executor.get_result(run_id)


def gather(params: Mapping[str, Any] | BaseModel) -> dict[str, Any]:
    """Return params as a dictionary of their own; a model's by the Python names of its fields."""
    return dict(read_values(params) if isinstance(params, BaseModel) else params)

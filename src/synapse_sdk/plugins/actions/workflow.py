"""`WorkflowAction`: an action whose work may be split into steps.

Source: interface sheet `actions.md` §1; `core.md` §2.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from synapse_sdk.plugins.action import BaseAction
from synapse_sdk.plugins.errors import MissingClientError
from synapse_sdk.plugins.result import merge_result

if TYPE_CHECKING:
    from synapse_sdk.plugins.steps import BaseStepContext, StepRegistry

P = TypeVar("P")


class WorkflowAction(BaseAction[P], Generic[P]):
    """Runs its steps if `setup_steps` registers any, else `execute()`."""

    @property
    def client(self) -> Any:
        """The server's client.

        Raises:
            MissingClientError: This run has none.
        """
        return self.require_client("self.client")

    def require_client(self, call: str) -> Any:
        """Return the server's client for a call, such as "get_project()", that can not do without.

        Raises:
            MissingClientError: This run has none; the message names the call, the hint the ways on.
        """
        if self.ctx.client is None:
            raise MissingClientError.at(type(self).__name__, call)
        return self.ctx.client

    def setup_steps(self, registry: StepRegistry[Any]) -> None:
        """Register the steps of this action. Without any, `execute()` is what is run."""

    def create_context(self) -> BaseStepContext:
        """Make what the steps share."""
        from synapse_sdk.plugins.steps import BaseStepContext

        return BaseStepContext(self.ctx)

    def describe_workflow(self, context: Any) -> dict[str, Any]:
        """Return what the result of a workflow holds besides the counts of its steps."""
        return {}

    def run(self) -> Any:
        """Run the steps, or execute; check the result against `result_model`."""
        from synapse_sdk.plugins.steps import StepRegistry

        registry: StepRegistry[Any] = StepRegistry()
        self.setup_steps(registry)
        if not len(registry):
            self.setup_own_steps(registry)
        return self.run_steps(registry) if len(registry) else super().run()

    def setup_own_steps(self, registry: StepRegistry[Any]) -> None:
        """Register what the base class does of itself where `setup_steps` registered nothing."""

    def run_steps(self, registry: StepRegistry[Any]) -> Any:
        """Run these steps; return what `execute()` answered, if one called it, with the counts merged in."""
        from synapse_sdk.plugins.steps import Orchestrator

        context = self.create_context()
        try:
            counts = Orchestrator(registry, context).execute()
        finally:
            self._end_autolog()
        result, facts = getattr(context, "result", None), {**counts, **self.describe_workflow(context)}
        if type(self).strict_result and result is not None:
            # What execute() promised says nothing of the counts: its model may even forbid them.
            return merge_result(self._check_result(result), facts)
        return self._check_result(merge_result(result, facts))

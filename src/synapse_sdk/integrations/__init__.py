"""Training frameworks that report by themselves: one call, and their losses and progress are the job's.

```python
class Train(BaseTrainAction[TrainParams]):
    def execute(self) -> dict[str, str]:
        self.autolog("xgboost")
        booster = xgboost.train(...)  # progress and each round's metrics are reported
```

Nothing of a framework is imported before it is asked for. What is patched in it is put back when the action
ends, or by `disable_autolog`.

Source: interface sheet `actions.md` §14. Unlike there, an adapter never ends a training, and leaves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk.integrations._base import active_integrations, get_integration, list_integrations
from synapse_sdk.integrations._context import get_autolog_context, set_autolog_context

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction

__all__ = ["autolog", "disable_autolog", "list_integrations"]


def autolog(framework: str, action: BaseAction) -> None:  # type: ignore[type-arg]  # any params
    """Have a framework's trainings report through an action, until it ends or `disable_autolog`.

    A second call hands the framework to the newer action.

    Args:
        framework: One of `list_integrations()`.
        action: Whose progress, metrics and messages they become.

    Raises:
        ValueError: No such framework is known.
        ImportError: It is not installed.
    """
    integration = get_integration(framework)
    if not integration.is_available():
        package = integration.package
        raise ImportError(
            f"autolog({framework!r}) needs {package}, which is not installed here. "
            f"Add {package} to the plugin's requirements.txt, or: pip install {package}"
        )
    integration.disable()
    integration.enable(action)
    active_integrations[framework] = action


def disable_autolog(framework: str) -> None:
    """Have a framework report no more, and put back what was patched. Harmless where nothing was.

    Raises:
        ValueError: No such framework is known.
    """
    integration = get_integration(framework)
    active_integrations.pop(framework, None)
    integration.disable()


def end_autolog(action: object) -> None:
    """Disable what an action enabled, and forget its trainings; called at its end."""
    for framework in [name for name, owner in active_integrations.items() if owner is action]:
        disable_autolog(framework)
    context = get_autolog_context()
    if context is not None and context.action is action:
        set_autolog_context(None)

"""What an adapter to a framework is, and which there are.

Source: interface sheet `core.md`, Appendix B.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction

#: Modules of our own adapters, by the names that people call them.
_OWN = {
    "lightgbm": "lightgbm",
    "lightning": "lightning",
    "sklearn": "sklearn",
    "ultralytics": "ultralytics",
    "xgboost": "xgboost",
}
_classes: dict[str, type[BaseIntegration]] = {}
_integrations: dict[str, BaseIntegration] = {}
#: Framework → the action that it reports through.
active_integrations: dict[str, object] = {}


class BaseIntegration(ABC):
    """Adapter to one training framework."""

    name: ClassVar[str] = ""
    #: What `pip install` calls it.
    package: ClassVar[str] = ""

    @abstractmethod
    def enable(self, action: BaseAction[Any]) -> None:
        """Have trainings report through an action. Called while disabled."""

    @abstractmethod
    def disable(self) -> None:
        """Put everything back. Harmless where nothing was enabled."""

    @abstractmethod
    def is_available(self) -> bool:
        """Is the framework installed? Does not import it."""


_T = TypeVar("_T", bound=type[BaseIntegration])


def register_integration(name: str) -> Callable[[_T], _T]:
    """Make an adapter known to `autolog(name)`; decorates its class. A later one of the same name counts."""

    def register(cls: _T) -> _T:
        cls.name = name
        cls.package = cls.package or name
        _classes[name] = cls
        _integrations.pop(name, None)
        return cls

    return register


def get_integration(name: str) -> BaseIntegration:
    """Return the adapter of a framework.

    Raises:
        ValueError: There is none of that name.
    """
    if name not in _classes and name in _OWN:
        import_module(f"{__package__}.{_OWN[name]}")
    if name not in _classes:
        raise ValueError(f"autolog knows no framework {name!r}; known are {', '.join(list_integrations())}")
    if name not in _integrations:
        _integrations[name] = _classes[name]()
    return _integrations[name]


def list_integrations() -> list[str]:
    """Return the names of the frameworks that have an adapter, installed or not."""
    return sorted(_OWN.keys() | _classes.keys())


def is_installed(module: str) -> bool:
    """Can a module be imported? It is not."""
    return find_spec(module) is not None

"""Texts in several languages: what the SDK tells people, and what plugins register beside it.

Source: interface sheet `core.md` §4.6. A run's messages follow the run's language (`ctx.language`); the
language that is set here is for whoever calls `translate` without naming one.
"""

from __future__ import annotations

from typing import Any

from synapse_sdk.i18n.translator import Translator, get_translator, reset_translator
from synapse_sdk.i18n.types import LocalizedDict, LocalizedMessage

__all__ = [
    "LocalizedDict",
    "LocalizedMessage",
    "Translator",
    "get_language",
    "get_translator",
    "register_translations",
    "reset_translator",
    "set_language",
    "translate",
]


def translate(key: str | LocalizedDict | LocalizedMessage, language: str | None = None, **values: Any) -> str:
    """Return a text by its key, or a text that carries its own translations, with placeholders filled.

    Without the language it is English; without any text it is the key itself.

    Raises:
        KeyError: A placeholder has no value, though others were given.
    """
    if isinstance(key, str):
        return get_translator().translate(key, language, **values)
    message = key if isinstance(key, LocalizedMessage) else LocalizedMessage(**key)
    return message.format(language or get_language(), **values)


def register_translations(language: str, translations: dict[str, str]) -> None:
    """Add texts by key, over those that are there."""
    get_translator().register(language, translations)


def set_language(language: str) -> None:
    """Set the language of this process."""
    get_translator().set_language(language)


def get_language() -> str:
    """Return the language of this process; "en" unless it was set."""
    return get_translator().language

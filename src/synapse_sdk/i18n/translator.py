"""`Translator`: texts by language and key.

Source: interface sheet `core.md` §4.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

#: What is answered where a language lacks a text.
FALLBACK = "en"
#: The languages that the SDK's own texts are in.
OWN_LANGUAGES = ("en", "ko")


class Translator:
    """The SDK's texts, and those that were registered; nothing is loaded before it is asked."""

    def __init__(self, language: str = FALLBACK) -> None:
        self._language = language
        self._registered: dict[str, dict[str, str]] = {}
        self._own: dict[str, Mapping[str, str]] = {}
        self._is_cleared = False

    @property
    def language(self) -> str:
        """The language that is meant when none is named."""
        return self._language

    def set_language(self, language: str) -> None:
        """Choose the language that is meant when none is named. One without texts answers in English."""
        self._language = language

    def register(self, language: str, translations: dict[str, str]) -> None:
        """Add texts by key, over those that are there."""
        self._registered.setdefault(language, {}).update(translations)

    def get_template(self, key: str, language: str | None = None) -> str | None:
        """Return the text of a key as it is written, in the language or in English, or None."""
        for wanted in (language or self._language, FALLBACK):
            for texts in (self._registered.get(wanted, {}), self._load(wanted)):
                if key in texts:
                    return texts[key]
        return None

    def translate(self, key: str, language: str | None = None, **values: Any) -> str:
        """Return the text of a key with its placeholders filled; the key itself where there is none.

        Raises:
            KeyError: A placeholder has no value, though others were given.
        """
        template = self.get_template(key, language)
        if template is None:
            return key
        return template.format(**values) if values else template

    def has_translation(self, key: str, language: str | None = None) -> bool:
        """Is there a text of this key in this very language?"""
        wanted = language or self._language
        return key in self._registered.get(wanted, {}) or key in self._load(wanted)

    def get_supported_languages(self) -> list[str]:
        """Return the languages that there are texts in."""
        own = () if self._is_cleared else OWN_LANGUAGES
        return sorted({*own, *self._registered})

    def clear(self) -> None:
        """Forget all texts, the SDK's too."""
        self._registered.clear()
        self._is_cleared = True

    def _load(self, language: str) -> Mapping[str, str]:
        if self._is_cleared or language not in OWN_LANGUAGES:
            return {}
        if language not in self._own:
            self._own[language] = import_module(f"synapse_sdk.i18n.messages.{language}").MESSAGES
        return self._own[language]


_translator = Translator()


def get_translator() -> Translator:
    """Return the translator of this process."""
    return _translator


def reset_translator() -> None:
    """Begin anew: the SDK's texts, English, nothing registered."""
    global _translator
    _translator = Translator()

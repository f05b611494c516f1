"""A text that carries its translations.

Source: interface sheet `core.md` §4.6.
"""

from __future__ import annotations

from typing import Any

#: Language → text.
LocalizedDict = dict[str, str]


class LocalizedMessage:
    """`LocalizedMessage(en="Saved {name}", ko="{name} 저장됨")`."""

    __slots__ = ("_translations",)

    def __init__(self, **translations: str) -> None:
        self._translations = translations

    def __repr__(self) -> str:
        return (
            f"LocalizedMessage({', '.join(f'{name}={text!r}' for name, text in self._translations.items())})"
        )

    @property
    def translations(self) -> dict[str, str]:
        """A copy: language → text."""
        return dict(self._translations)

    def get(self, language: str, default_language: str = "en") -> str | None:
        """Return the text in a language, else in the default one, else None."""
        return self._translations.get(language, self._translations.get(default_language))

    def format(self, language: str, default_language: str = "en", **values: Any) -> str:
        """Return the text with its placeholders filled; without values it stays as it is written.

        A message that has neither language answers in one that it has; one without any text is empty.

        Raises:
            KeyError: A placeholder has no value, though others were given.
        """
        text = self.get(language, default_language)
        if text is None:
            text = next(iter(self._translations.values()), "")
        return text.format(**values) if values else text

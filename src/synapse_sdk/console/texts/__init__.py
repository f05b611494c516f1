"""The words of every page, by id, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synapse_sdk.console.texts.en import TEXTS as EN
from synapse_sdk.console.texts.ko import TEXTS as KO

DEFAULT_LANGUAGE = "en"
#: From a language's code to its own name for itself.
NAMES = {"en": "English", "ko": "한국어"}
CATALOGUES: Mapping[str, Mapping[str, str]] = {"en": EN, "ko": KO}


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language; templates call it `t`."""

    language: str

    def __call__(self, text_id: str, /, **values: Any) -> str:
        """Return a text with its placeholders filled in; `KeyError` for an id that is not there."""
        return CATALOGUES[self.language][text_id].format(**values)

    def has(self, text_id: str) -> bool:
        """Is there such a text?"""
        return text_id in CATALOGUES[self.language]


def choose_language(cookie: str | None, accept_language: str) -> str:
    """Return the language of a page: the one chosen, else the first that the browser likes, else English."""
    if cookie is not None and cookie in CATALOGUES:
        return cookie
    for _, code in sorted(_weights(accept_language), key=lambda pair: -pair[0]):
        if code in CATALOGUES:
            return code
    return DEFAULT_LANGUAGE


def _weights(accept_language: str) -> list[tuple[float, str]]:
    """`ko-KR,ko;q=0.9,en;q=0.8` → [(1.0, "ko"), (0.9, "ko"), (0.8, "en")]; nonsense is left out."""
    found: list[tuple[float, str]] = []
    for part in accept_language[:500].split(","):
        name, _, weight = part.strip().partition(";")
        _, _, number = weight.partition("=")
        try:
            found.append((float(number or 1), name.partition("-")[0].strip().lower()))
        except ValueError:
            continue
    return found

"""Messages by code: one code, a text in each language, a level.

Source: interface sheet `core.md` §4.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from synapse_sdk.i18n import LocalizedMessage, get_translator
from synapse_sdk.plugins.enums import LogLevel


class LogMessageCode(StrEnum):
    """Derive from it; members are declared `NAME = ("VALUE", LogLevel.SUCCESS)`, or by the value alone."""

    level: LogLevel

    def __new__(cls, value: str, level: LogLevel = LogLevel.INFO) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.level = level
        return member


class CommonLogMessageCode(LogMessageCode):
    """What any action may say."""

    PLUGIN_RUN_COMPLETE = ("PLUGIN_RUN_COMPLETE", LogLevel.INFO)


def register_log_messages(templates: Mapping[LogMessageCode, str | Mapping[str, str]]) -> None:
    """Give codes their texts: one for all languages, or one for each."""
    for code, template in templates.items():
        texts = {"en": template} if isinstance(template, str) else template
        for language, text in texts.items():
            get_translator().register(language, {code.value: text})


def resolve_log_message(
    code: LogMessageCode, language: str | None = None, **values: Any
) -> tuple[str, LogLevel]:
    """Return a code's text and level. The text of a code without one is its value.

    Args:
        code: The code.
        language: Of the text; the process's own unless given.
        **values: Fill the text's `{placeholders}`. Without any, it stays as it is written.

    Raises:
        KeyError: A placeholder has no value, though others were given.
    """
    return get_translator().translate(code.value, language, **values), code.level


def find_text(
    message: object, language: str, values: Mapping[str, Any]
) -> tuple[str, LogLevel | None, str | None]:
    """Return the text of whatever was given to `log_message`, the level and the key that it brings along.

    Raises:
        KeyError: A placeholder has no value, though others were given.
    """
    if isinstance(message, LogMessageCode):
        text, level = resolve_log_message(message, language, **values)
        return text, level, message.value
    if isinstance(message, Mapping):
        message = LocalizedMessage(**message)
    if isinstance(message, LocalizedMessage):
        return message.format(language, **values), None, None
    text = str(message)
    return text.format(**values) if values else text, None, None

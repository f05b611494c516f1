"""Texts by key and by language: the SDK's own, and those that were registered."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.plugins.scripts import say

from synapse_sdk import i18n
from synapse_sdk.i18n import LocalizedMessage, Translator, translate
from synapse_sdk.i18n.messages import en, ko


@pytest.fixture(autouse=True)
def as_new() -> Iterator[None]:
    i18n.reset_translator()
    yield
    i18n.reset_translator()


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_both_languages_have_the_same_texts_with_the_same_placeholders():
    assert en.MESSAGES.keys() == ko.MESSAGES.keys()
    for key, text in en.MESSAGES.items():
        assert placeholders(text) == placeholders(ko.MESSAGES[key]), key
        assert text != ko.MESSAGES[key], key


def test_a_text_is_answered_in_its_language_else_in_english_else_as_its_key():
    i18n.register_translations("en", {"saved": "Saved {name}"})
    i18n.register_translations("ko", {"saved": "{name} 저장됨"})

    assert translate("saved", name="a") == "Saved a"
    assert translate("saved", "ko", name="a") == "a 저장됨"
    assert translate("saved", "fr", name="a") == "Saved a"
    assert translate("saved") == "Saved {name}"
    assert translate("nothing of the kind") == "nothing of the kind"
    with pytest.raises(KeyError, match="name"):
        translate("saved", other=1)


def test_the_language_of_the_process_is_the_one_that_was_set():
    assert i18n.get_language() == "en"
    i18n.set_language("ko")

    assert translate("TRAIN_COMPLETED") == ko.MESSAGES["TRAIN_COMPLETED"]
    assert translate("TRAIN_COMPLETED", "en") == en.MESSAGES["TRAIN_COMPLETED"]
    i18n.set_language("xx")
    assert translate("TRAIN_COMPLETED") == en.MESSAGES["TRAIN_COMPLETED"]


def test_a_registered_text_replaces_ours():
    i18n.register_translations("en", {"TRAIN_COMPLETED": "Done!"})

    assert translate("TRAIN_COMPLETED") == "Done!"
    i18n.reset_translator()
    assert translate("TRAIN_COMPLETED") == en.MESSAGES["TRAIN_COMPLETED"]


@pytest.mark.parametrize(
    "message", [{"en": "Hi {x}", "ko": "안녕 {x}"}, LocalizedMessage(en="Hi {x}", ko="안녕 {x}")]
)
def test_a_text_may_carry_its_translations(message: object):
    assert translate(message, x=1) == "Hi 1"  # type: ignore[arg-type]
    assert translate(message, "ko", x=1) == "안녕 1"  # type: ignore[arg-type]


def test_a_message_in_other_languages_is_still_said():
    message = LocalizedMessage(de="Fertig")

    assert message.get("en") is None
    assert message.get("fr", "de") == "Fertig"
    assert message.format("en") == "Fertig"
    assert LocalizedMessage().format("en") == ""
    assert repr(message) == "LocalizedMessage(de='Fertig')"
    message.translations["de"] = "anders"
    assert message.translations == {"de": "Fertig"}


def test_a_translator_of_ones_own():
    translator = Translator("ko")

    assert translator.has_translation("TRAIN_COMPLETED")
    assert not translator.has_translation("TRAIN_COMPLETED", "fr")
    assert translator.get_supported_languages() == ["en", "ko"]
    translator.register("fr", {"x": "y"})
    translator.clear()
    assert translator.get_supported_languages() == []
    assert translator.translate("TRAIN_COMPLETED") == "TRAIN_COMPLETED"
    assert translator.get_template("x", "fr") is None


def test_importing_the_texts_does_not_load_the_author_api(tmp_path: Path):
    loaded = say(
        "import synapse_sdk.i18n.messages.ko, sys\nprint('synapse_sdk.plugins' in sys.modules)", tmp_path
    )

    assert loaded == ["False"]

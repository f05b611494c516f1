"""Every page speaks both languages, wholly."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import synapse_sdk.console
from synapse_sdk.console.pages.job import KINDS
from synapse_sdk.console.pages.jobs import STATES
from synapse_sdk.console.rendering import THEMES
from synapse_sdk.console.texts import CATALOGUES, Texts, choose_language

FOLDER = Path(synapse_sdk.console.__file__).parent
#: Ids that are put together from a beginning and one of these.
FAMILIES = {
    "state.": STATES,
    "theme.": THEMES,
    "role.": ("viewer", "developer", "publisher", "admin"),
    "cause.": ("action", "environment", "signal", "timeout", "lost", "cancelled", "placement"),
    "phase.": ("offered", "preparing", "running", "ended"),
    "tokens.kind_": ("user", "ci", "agent", "job", "serve"),
    "params.kind_": ("text", "integer", "number", "boolean", "choice", "json", "list", "group", "union"),
    "input.": ("dataset", "model"),
    "start.": ("cpus", "gpus", "time_limit_s"),
    "start.choose_": ("dataset", "model"),
    "models.": ("base", "fine_tuned"),
    "trial.": ("running", "completed", "stopped", "failed"),
    "job.": ("overview", "log", "inputs", "events"),
    "nav.": ("jobs", "plugins", "models", "datasets", "tokens", "audit"),
    "error.": ("400", "401", "403", "404", "409", "413", "429", "500", "503"),
}


def used_ids() -> set[str]:
    sources = [*FOLDER.rglob("*.html"), *FOLDER.rglob("*.py")]
    calls = [
        call
        for source in sources
        for call in re.findall(
            r'\b(?:t|texts_of\(request\))\(\s*f?"([a-z_]+\.[a-zA-Z0-9_]*)(?:"|\{)', source.read_text()
        )
    ]
    chosen = re.findall(r'"(sign_in\.wrong_[a-z]+)"', (FOLDER / "pages/sign_in.py").read_text())
    chosen += re.findall(r'"(form\.[a-z_]+)"', (FOLDER / "params_values.py").read_text())
    ids = {name for name in calls if name not in FAMILIES and not name.endswith(("_", "."))}
    built = {name for name in calls if name in FAMILIES}
    return ids | set(chosen) | {start + end for start in built for end in FAMILIES[start]}


def outside_jinja(template: Path) -> str:
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", template.read_text(), flags=re.DOTALL)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_texts_with_the_same_placeholders():
    english, korean = CATALOGUES["en"], CATALOGUES["ko"]
    assert english.keys() == korean.keys()
    assert [key for key in english if placeholders(english[key]) != placeholders(korean[key])] == []


def test_every_text_that_is_used_is_there_and_every_one_that_is_there_is_used():
    known = set(CATALOGUES["en"])
    assert (used_ids() - known, known - used_ids()) == (set(), set())


def test_korean_is_korean():
    same = [key for key, text in CATALOGUES["ko"].items() if not re.search("[가-힣]", text)]
    assert same == ["params.kind_json", "tokens.kind_ci"]


def test_templates_hold_no_words_of_their_own():
    for template in FOLDER.rglob("*.html"):
        text = re.sub(r"<svg.*?</svg>|<[^>]*>", " ", outside_jinja(template), flags=re.DOTALL)
        words = set(re.findall(r"[A-Za-z]{3,}", text))
        assert words <= {"Synapse", "synapse", "README", "epoch", "global", "step", "sdk"}, template.name


def test_kinds_of_events_are_those_of_the_wire():
    from typing import get_args

    from synapse_sdk.wire.event import EventKind

    assert get_args(EventKind) == KINDS


@pytest.mark.parametrize(
    ("cookie", "header", "language"),
    [
        (None, "", "en"),
        (None, "ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        (None, "en;q=0.5, ko;q=0.7", "ko"),
        (None, "fr, de;q=0.9", "en"),
        (None, "ko;q=nonsense, en", "en"),
        ("ko", "en", "ko"),
        ("xx", "ko", "ko"),
    ],
)
def test_a_chosen_language_beats_the_browsers(cookie, header, language):
    assert choose_language(cookie, header) == language


def test_an_unknown_id_is_a_mistake_that_shows():
    with pytest.raises(KeyError):
        Texts("en")("no.such_text")

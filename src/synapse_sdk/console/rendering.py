"""From a template and facts to a page in the visitor's language and colours."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.units import format_size
from synapse_sdk._version import __version__
from synapse_sdk.console.links import inner_path, links_of
from synapse_sdk.console.moments import (
    describe_duration,
    describe_moment,
    format_number,
    format_utc,
)
from synapse_sdk.console.once import new_form_key
from synapse_sdk.console.texts import NAMES, Texts, choose_language

if TYPE_CHECKING:
    from jinja2 import Environment

LANGUAGE_COOKIE = "synapse_language"
THEME_COOKIE = "synapse_theme"
THEMES = ("auto", "light", "dark")
_FOLDER = Path(__file__).parent
#: JSON shown on one page; the rest of a larger document is cut, with a word about it.
JSON_SHOWN_CHARS = 200_000


def texts_of(request: Request) -> Texts:
    """Return the texts in the visitor's language."""
    cookie = request.cookies.get(LANGUAGE_COOKIE)
    return Texts(choose_language(cookie, request.headers.get("accept-language", "")))


def theme_of(request: Request) -> str:
    """Return the chosen colours: auto, light or dark."""
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return theme if theme in THEMES else "auto"


def render(request: Request, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """Return a page, or a fragment of one."""
    text = _environment().get_template(template).render(_shared_facts(request) | facts)
    return HTMLResponse(text, status)


def _shared_facts(request: Request) -> dict[str, Any]:
    t, now = texts_of(request), utc_now()
    visitor = getattr(request.state, "visitor", None)
    return {
        "t": t,
        "link": links_of(request),
        "now": now,
        "version": __version__,
        "visitor": visitor,
        "principal": None if visitor is None else visitor.principal,
        "form_key": new_form_key(),
        "csrf_token": "" if visitor is None else visitor.csrf_token,
        "theme": theme_of(request),
        "themes": THEMES,
        "languages": NAMES,
        "here": inner_path(request),
        "query": dict(request.query_params),
        "ago": partial(describe_moment, t=t, now=now),
        "took": partial(describe_duration, t=t),
        "elapsed": partial(_elapsed_s, now=now),
    }


def _elapsed_s(started: datetime | None, ended: datetime | None, *, now: datetime) -> float | None:
    return None if started is None else ((ended or now) - started).total_seconds()


def format_json(value: Any) -> str:
    """Write a value as indented JSON for people, cut where it is too long for a page."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    if len(text) <= JSON_SHOWN_CHARS:
        return text
    return f"{text[:JSON_SHOWN_CHARS]}\n… {len(text) - JSON_SHOWN_CHARS:,} more characters"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "size": format_size,
        "utc": format_utc,
        "number": format_number,
        "json": format_json,
    }
    return environment

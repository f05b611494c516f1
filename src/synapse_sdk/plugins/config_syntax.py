"""What YAML lets a file say and a config does not mean: tags of other languages, values inside of themselves.

The parser passes over a tag that it does not know, and makes nothing of a value that contains itself. Whoever
wrote them meant something, so both are told with their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

from synapse_sdk.plugins.config_problem import ConfigProblem, Place

_PREFIX = "tag:yaml.org,2002:"
#: Tags that say what a value is without changing what a config can hold.
_KNOWN_TAGS = frozenset({"str", "int", "float", "bool", "null", "map", "seq", "timestamp"})
#: Where a tag may stand: at a value's begin. Most files have none, and are not read a second time.
_TAG = re.compile(r"(?:^|[\s\[{,])!", re.MULTILINE)


def find_misused_syntax(text: str, file: str) -> list[ConfigProblem]:
    """Return a problem for each tag that a config can not have, and for each alias of a value around it.

    Args:
        text: A file that was parsed without an error.
        file: Its name.
    """
    if not _TAG.search(text) and not ("&" in text and "*" in text):
        return []
    return [ConfigProblem(file, place, problem) for place, problem in _iter_problems(text)]


def _iter_problems(text: str) -> Iterator[tuple[Place, str]]:
    from ruamel.yaml import YAML
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

    around: list[str | None] = []
    for event in YAML().parse(StringIO(text)):
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, AliasEvent):
            if event.anchor in around:
                yield place, f"*{event.anchor} is a value inside of itself; a config has none without an end"
            continue
        if (tag := _find_tag(event)) is not None:
            yield place, f"the tag {tag} means nothing in a config; leave it out"
        if isinstance(event, CollectionStartEvent):
            around.append(event.anchor)
        elif isinstance(event, CollectionEndEvent):
            around.pop()


def _find_tag(event: Any) -> str | None:
    """Return a tag that a config can not have, as it was written."""
    tag = str(getattr(event, "tag", None) or "!")
    if tag == "!" or tag.removeprefix(_PREFIX) in _KNOWN_TAGS:
        return None
    return f"!!{tag.removeprefix(_PREFIX)}" if tag.startswith(_PREFIX) else tag

"""A document as the bytes of a JSON file."""

from __future__ import annotations

import json
from typing import Any


def encode_json(document: Any, *, indent: int | None = None) -> bytes:
    """Return a document as JSON in UTF-8.

    Half characters, which JSON can name and UTF-8 can not hold, are escaped as they came.

    Raises:
        ValueError: It has a number that is none, or holds itself.
        TypeError: It has something that JSON has not.
    """
    text = json.dumps(document, ensure_ascii=False, indent=indent, allow_nan=False)
    # Outside of texts, JSON is ASCII, and what this writes for a half character is JSON's own escape.
    return text.encode("utf-8", "backslashreplace")

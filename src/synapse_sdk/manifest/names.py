"""Names as the system gives them ⇄ names in a manifest, which are UTF-8 whatever the locale is. Pure."""

from __future__ import annotations

import os


def to_manifest_name(name: str) -> str:
    """Return the manifest's spelling of a path that the system gave us.

    Raises `UnicodeDecodeError` if its bytes are not UTF-8.
    """
    # Python decodes names by the locale. Under another locale than a UTF-8 one `é` arrives as two foreign
    # letters; its bytes are the same everywhere. Those of ASCII letters are themselves.
    return name if name.isascii() else os.fsencode(name).decode()


def from_manifest_name(path: str) -> str:
    """Return how the system wants to be asked for a manifest's path."""
    return path if path.isascii() else os.fsdecode(path.encode())


def to_printable(name: str) -> str:
    """Return a path for people: what is not UTF-8 and every control character appears escaped."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )

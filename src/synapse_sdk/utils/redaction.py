"""Texts, addresses and errors without the secrets in them.

For what is shown or logged: when in doubt, a value is hidden. `***` stands for it.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from synapse_sdk.packaging.secret_patterns import HIT_LIMIT, Assignments, find_secrets

__all__ = ["redact_auth_header", "redact_text", "redact_url", "sanitize_exception"]

_MASK = "***"
#: Names of what is secret, as parts of keys, headers and variables: `SYNAPSE_ACCESS_TOKEN`, `x-api-key`.
#: How many tokens there are (`max_tokens`) is none.
_PARTS = (
    r"token(?!s)|secret|passw(?:or)?d|passphrase|pwd|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|credential|"
    r"signature|authorization|cookie|synapse-(?:user|agent)"
)
#: A whole word at once, and looked at once: what is redacted may be long, and made to take its time.
_NAME = rf"(?<![\w.-])(?=[\w.-]*?(?:{_PARTS}))[\w.-]++"
_SCHEME = r"(?:bearer|token|basic|digest|apikey|negotiate|aws4-hmac-sha256)[ \t]+"
_ASSIGNMENT = re.compile(
    # A comma parts the two in a list of headers and in that of a command's arguments; there may be brackets
    # around the value, or a mark of bytes before it.
    rf"""(?P<name>{_NAME}(?:\\?["']?[ \t]*(?:=>|[:=])|\\?["'][ \t]*,)[ \t]*+"""
    r"""(?:[\[(][ \t]*+)*+(?:b(?=["']))?)"""
    # In quotes, which may be escaped themselves, to their end or that of the line; else to what ends a value
    # in JSON, YAML and logs.
    rf"""(?:(?P<open>\\?["'])(?P<scheme>{_SCHEME})?(?:(?!(?P=open))(?:\\.|[^\n]))+"""
    rf"""|(?P<bare_scheme>{_SCHEME})?[^\s,;&"'<>)\]}}]+)""",
    re.IGNORECASE,
)
#: On a command line, the value may be the next word. A `--token-file` is named by its path.
_OPTION = re.compile(
    rf"""(?P<name>(?<![\w.-])--(?=[\w.-]*?(?:{_PARTS}))(?![\w.-]*-file\b)[\w.-]++[ \t]++)"""
    r"""(?:"[^"\n]*"|'[^'\n]*'|[^\s"'-][^\s"']*)""",
    re.IGNORECASE,
)
#: All that is in one, however many there are.
_COOKIES = re.compile(r"""(?P<name>\bcookie["']?[ \t]*[:=][ \t]*["']?)[^\s"'][^\n"']*""", re.IGNORECASE)
#: A header's name is not always beside its value.
_SCHEMED = re.compile(r"\b(?P<scheme>(?i:bearer|basic)|Token|TOKEN)[ \t]+(?P<value>[^\s,;\"'<>]{8,})")
_HEADER = re.compile(r"(?P<scheme>[A-Za-z][\w-]*)[ \t]+\S.*", re.DOTALL)
_USER_INFO = re.compile(r"(?P<scheme>://)[^/\s?#@\"']+(?:@[^/\s?#@\"']+)*@")
_QUERY = re.compile(r"(?P<sign>[?&#;])(?P<name>[^=&#;\s\"'<>?]+)=(?P<value>[^&#;\s\"'<>]*)")
_SECRET_QUERY = re.compile(rf"(?:{_PARTS})|\A(?:key|sig|auth|code|jwt|sid|otp)\Z|session", re.IGNORECASE)
#: The vendor's agents are asked at an address that is their token.
_AGENT_PATH = re.compile(r"(?P<path>\bagents/)[0-9A-Fa-f]{32,}")
_DOTTED_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?")


def redact_url(url: str) -> str:
    """Return an address without user, password, token and signature; what it leads to can still be read."""
    url = _USER_INFO.sub(rf"\g<scheme>{_MASK}@", url)
    url = _QUERY.sub(_hide_query, url)
    return _AGENT_PATH.sub(rf"\g<path>{_MASK}", url)


def redact_auth_header(value: str) -> str:
    """Return the value of a header that authenticates, such as `Bearer …`, with only its scheme left."""
    match = _HEADER.fullmatch(value.strip())
    return f"{match['scheme']} {_MASK}" if match else _MASK if value.strip() else ""


def redact_text(text: str) -> str:
    """Return a text, of any length, without tokens, passwords, keys and signatures."""
    text = redact_url(text)
    text = _COOKIES.sub(rf"\g<name>{_MASK}", text)
    text = _ASSIGNMENT.sub(_hide_assignment, text)
    text = _OPTION.sub(rf"\g<name>{_MASK}", text)
    text = _SCHEMED.sub(_hide_schemed, text)
    text = _DOTTED_JWT.sub(_MASK, text)
    return _hide_known(text)


def sanitize_exception(error: BaseException) -> str:
    """Return what an error says, without secrets; its class where it says nothing."""
    return redact_text(str(error)) or type(error).__name__


def _hide_query(match: re.Match[str]) -> str:
    if not _SECRET_QUERY.search(unquote_plus(match["name"])):
        return match[0]
    return f"{match['sign']}{match['name']}={_MASK}"


def _hide_assignment(match: re.Match[str]) -> str:
    scheme = match["scheme"] or match["bare_scheme"] or ""
    return f"{match['name']}{match['open'] or ''}{scheme}{_MASK}"


def _hide_schemed(match: re.Match[str]) -> str:
    value = match["value"]
    # "Token refreshed" is prose; what is long, or has a digit, is not.
    if len(value) < 20 and not any(character.isdigit() for character in value):
        return match[0]
    return f"{match['scheme']} {_MASK}"


def _hide_known(text: str) -> str:
    """Hide what has the form of a token that somebody issues."""
    data = text.encode("utf-8", "surrogatepass")
    while hits := find_secrets(data, Assignments.BARE):
        pieces, end = [], 0
        for hit in hits:
            pieces += [data[end : hit.start], _MASK.encode()]
            end = hit.end
        data = b"".join([*pieces, data[end:]])
        if len(hits) < HIT_LIMIT:
            break
    return data.decode("utf-8", "surrogatepass")

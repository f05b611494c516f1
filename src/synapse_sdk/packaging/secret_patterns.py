"""Bytes → what in them looks like a secret. Pure; `secrets.py` feeds it with files.

Two families. *Tokens* have a form of their own (`ghp_…`, a private key block) and are looked for everywhere.
*Assignments* (`password = "…"`) are looked for in text and judged by their value, which must look random, or
at least not like a word, a placeholder or a reference to somewhere else.

Each pattern is found by a fixed piece of text first. Most windows hold none of these texts, which one search
for all of them tells.

Excerpts never hold a character of the secret beyond the fixed beginning that its issuer gives to all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import chain
from typing import Annotated, NamedTuple

from pydantic import StringConstraints, TypeAdapter

from synapse_sdk.packaging.secret_values import (
    is_placeholder,
    is_placeholder_token,
    looks_like_password,
    looks_random,
)

#: A secret is found when it begins and ends within so many bytes.
REACH_BYTES = 4096
#: More of them in one window help nobody, and comparing each with each takes its time.
HIT_LIMIT = 100


class Hit(NamedTuple):
    """Something that looks like a secret."""

    start: int
    end: int
    kind: str
    #: What may be shown of it.
    excerpt: str


class Assignments(Enum):
    """Which assignments count."""

    NONE = "none"
    #: `password = "…"`: in source code, where a bare word behind `=` is a variable.
    QUOTED = "quoted"
    #: `PASSWORD=…` too: in settings and other text.
    BARE = "bare"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    #: The text that is looked for; the expression begins with it.
    anchor: bytes
    #: What follows the anchor. A group named `secret` is judged instead of the whole.
    rest: re.Pattern[bytes]


def _token(kind: str, anchor: bytes, rest: bytes) -> _Token:
    return _Token(kind, anchor, re.compile(rest))


#: A key block has a body: its first line alone is a constant of a program that reads keys. Between the two
#: there may be header lines and, inside a string literal, quotes and `\\n`.
_KEY_BODY = (
    rb"(?:\\[nr]|[\s\"'+,])+(?:[A-Za-z-]{3,20}: [^\r\n\\\"]{0,200}(?:\\[nr]|\s)+){0,4}"
    rb"(?P<secret>[A-Za-z0-9+/=]{16,76})(?=\\|[\s\"']|\Z)"
)

#: Source: the issuers' pages on the format of their tokens.
_TOKENS = (
    *(
        _token("private key", b"-----BEGIN " + kind, rb"-----" + _KEY_BODY)
        for kind in (
            b"PRIVATE KEY",
            b"ENCRYPTED PRIVATE KEY",
            b"RSA PRIVATE KEY",
            b"EC PRIVATE KEY",
            b"DSA PRIVATE KEY",
            b"OPENSSH PRIVATE KEY",
            b"PGP PRIVATE KEY BLOCK",
        )
    ),
    _token("private key", b"PuTTY-User-Key-File-", rb"\d: "),
    _token("private key", b"AGE-SECRET-KEY-1", rb"[0-9A-Z]{58}\b"),
    _token("AWS access key", b"AKIA", rb"[A-Z0-9]{16}(?![A-Za-z0-9_])"),
    _token("AWS access key", b"ASIA", rb"[A-Z0-9]{16}(?![A-Za-z0-9_])"),
    *(
        _token("GitHub token", anchor, rb"[A-Za-z0-9]{36,255}(?![A-Za-z0-9])")
        for anchor in (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_")
    ),
    _token("GitHub token", b"github_pat_", rb"[A-Za-z0-9_]{50,255}"),
    *(
        _token("GitLab token", anchor, rb"[A-Za-z0-9_.-]{20,300}")
        for anchor in (b"glpat-", b"gldt-", b"glrt-", b"glptt-", b"glcbt-", b"glsoat-")
    ),
    *(
        _token("Slack token", anchor, rb"[0-9A-Za-z]{2,}-[0-9A-Za-z-]{8,250}")
        for anchor in (b"xoxb-", b"xoxp-", b"xoxa-", b"xoxr-", b"xoxs-", b"xoxe-", b"xapp-")
    ),
    _token(
        "Slack webhook", b"hooks.slack.com/", rb"(?:services|workflows)/T[A-Z0-9]+/[A-Z0-9]+/[A-Za-z0-9]{16,}"
    ),
    *(
        _token("Stripe key", anchor, rb"[A-Za-z0-9]{16,250}(?![A-Za-z0-9])")
        for anchor in (b"sk_live_", b"sk_test_", b"rk_live_", b"rk_test_")
    ),
    _token("Stripe key", b"whsec_", rb"[A-Za-z0-9+/=]{32,}"),
    _token(
        "OpenAI key",
        b"sk-",
        rb"(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{32,250}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|[A-Za-z0-9]{48})"
        rb"(?![A-Za-z0-9])",
    ),
    _token("Anthropic key", b"sk-ant-", rb"[a-z0-9]+-[A-Za-z0-9_-]{32,250}"),
    _token("Hugging Face token", b"hf_", rb"[A-Za-z0-9]{34,100}(?![A-Za-z0-9_])"),
    _token("Hugging Face token", b"api_org_", rb"[A-Za-z0-9]{34}(?![A-Za-z0-9_])"),
    _token("Google API key", b"AIza", rb"[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
    _token("Google token", b"ya29.", rb"[0-9A-Za-z_-]{20,}"),
    _token("Google client secret", b"GOCSPX-", rb"[0-9A-Za-z_-]{28}"),
    _token("npm token", b"npm_", rb"[A-Za-z0-9]{36}(?![A-Za-z0-9_])"),
    _token("PyPI token", b"pypi-AgE", rb"[A-Za-z0-9_-]{50,}"),
    _token("Docker token", b"dckr_pat_", rb"[A-Za-z0-9_-]{27}"),
    _token("SendGrid key", b"SG.", rb"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _token("DigitalOcean token", b"dop_v1_", rb"[a-f0-9]{64}"),
    _token("Databricks token", b"dapi", rb"[a-f0-9]{32}(?![A-Za-z0-9])"),
    _token("Azure storage key", b"AccountKey=", rb"[A-Za-z0-9+/]{86}=="),
    _token("Vault token", b"hvs.", rb"[A-Za-z0-9_-]{24,}"),
    _token("Replicate token", b"r8_", rb"[A-Za-z0-9]{37}(?![A-Za-z0-9_])"),
    # Ours. At least twenty letters and digits on end with a digit or a capital, which no identifier has.
    _token("Synapse token", b"syn_", rb"(?=[A-Za-z]*[0-9A-Z])[A-Za-z0-9]{20,250}"),
    _token("Synapse token", b"syn_", rb"(?P<random>[A-Za-z0-9_-]{16,250})"),
    # With ends, as all of a secret is within reach: a text of `eyJ-eyJ-…` would take hours without.
    _token(
        "JSON web token",
        b"eyJ",
        rb"[A-Za-z0-9_-]{10,4096}\.eyJ[A-Za-z0-9_-]{10,4096}\.[A-Za-z0-9_-]{16,4096}",
    ),
    _token("bearer token", b"Bearer ", rb"(?P<random>[A-Za-z0-9._~+/-]{20,}=*)"),
    _token("bearer token", b"bearer ", rb"(?P<random>[A-Za-z0-9._~+/-]{20,}=*)"),
)

_SCHEME_END = b"://"
#: `//user:password@host` or `//token@host`, behind the colon of a scheme.
_URL = re.compile(
    rb"//(?P<user>[A-Za-z0-9._~!$&*+,;=%-]{0,256})(?::(?P<password>[A-Za-z0-9._~!$&*+,;=%/-]{1,256}))?"
    rb"@(?P<host>[A-Za-z0-9.-]{1,255})"
)

#: Words that a secret's name ends in, and what must stand before `key` for it to be one.
_WORDS = (b"passw", b"passphrase", b"pwd", b"secret", b"token", b"key", b"credential")
_KEY_OWNERS = re.compile(
    rb"(?:api|access|account|auth|encryption|master|private|secret|signing|storage)[_-]?\Z", re.IGNORECASE
)
#: Tokens that name a page, a request or a form, and open nothing.
_HARMLESS_OWNERS = re.compile(
    rb"(?:next|page|continuation|client|request|csrf|update|public[_-]?key)[_-]?\Z", re.IGNORECASE
)
_ASSIGNMENT = re.compile(
    rb"(?:password|passwd|passw|passphrase|pwd|secret|token|key|credential)s?"
    rb"(?:[_-]?(?:\d{1,2}|prod|production|dev|staging|live|value|base))?"
    rb"(?P<closing>\\?[\"'])?(?:\s?[\])])?"
    # A type between name and value: `token: str = "…"`.
    rb"(?:\s{0,4}:\s{0,4}[A-Za-z_][\w.\[\]| ]{0,40}?(?=\s{0,4}=))?"
    rb"\s{0,8}(?P<sign>:=|=>|=|:|,)[ \t]{0,8}"
    # A call around the value: `SecretStr("…")`, `Field(default="…")`.
    rb"(?:[A-Za-z_][\w.]{0,40}\(\s{0,4}(?:[a-z_]{1,20}\s?=\s?)?)?"
    rb"(?:[rbuRBU]{0,2}(?P<quote>\\?[\"'`])(?P<quoted>[^\"'`\r\n\\]{6,512})(?P=quote)"
    rb"|(?P<bare>[^\s\"'`,;&#<>(){}\[\]\\]{8,512})(?P<after>[;&\"']|[ \t]*(?:[#;].*)?(?=[\r\n]|\Z)))",
    re.IGNORECASE,
)
#: One of them stands in every sign of an assignment.
_SIGNS = (b"=", b":", b",")
_NAME = re.compile(rb"[A-Za-z0-9_.-]{0,40}\Z")


def find_secrets(window: bytes, assignments: Assignments) -> list[Hit]:
    """Return what in `window` looks like a secret, in order; where two overlap, the more telling one."""
    hits: list[Hit] = []
    found = [_find_assignments(window, assignments)]
    if _holds_anchor(window):
        found = [_find_tokens(window), _find_urls(window), *found]
    for hit in chain.from_iterable(found):
        if not any(hit.start < other.end and other.start < hit.end for other in hits):
            hits.append(hit)
            if len(hits) == HIT_LIMIT:
                break
    return sorted(hits)


#: What in bytes is no ASCII is no part of any anchor, and neither is a zero byte.
_TO_ASCII = bytes(range(128)) + bytes(128)


def _holds_anchor(window: bytes) -> bool:
    """Is there any text in `window` that a token or an address with a password begins with?"""
    ascii_only = window if window.isascii() else window.translate(_TO_ASCII)
    return _anchor_search()(ascii_only.decode("ascii"))


@cache
def _anchor_search() -> Callable[[str], bool]:
    # By the expressions of Rust, which pydantic brings: they look for many texts at once, in about the time
    # that `find` takes for one.
    anchors = dict.fromkeys([_SCHEME_END, *(token.anchor for token in _TOKENS)])
    pattern = "|".join(re.escape(anchor.decode()) for anchor in anchors)
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)]).validator.isinstance_python


#: Every token holds so many of these on end. Most text and nearly all binary data does not, and is passed
#: over by one search instead of one for each anchor.
_RUN_LENGTH = 16
_RUN_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./+=~"
_TO_RUNS = bytes(ord("x") if letter in _RUN_LETTERS else ord(" ") for letter in range(256))
#: Anchors that hold a space stand in no run, though what follows them does; looked for by a text that several
#: of them share.
_SPACED = tuple(
    (shared, tuple(token for token in _TOKENS if shared in token.anchor))
    for shared in (b"-----BEGIN ", b"earer ")
)
_UNSPACED = tuple(token for token in _TOKENS if b" " not in token.anchor)


def _find_candidates(window: bytes) -> list[_Token]:
    """Return the tokens whose anchors are in `window` where a token could be."""
    runs = window.translate(_TO_RUNS)
    pieces, start, wanted = [], 0, b"x" * _RUN_LENGTH
    while (at := runs.find(wanted, start)) >= 0:
        begin = runs.rfind(b" ", start, at) + 1 or start
        start = runs.find(b" ", at)
        if start < 0:
            start = len(runs)
        pieces.append(window[begin:start])
    if not pieces:
        return []
    joined = b" ".join(pieces)
    spaced = [token for shared, tokens in _SPACED if shared in window for token in tokens]
    return spaced + [token for token in _UNSPACED if token.anchor in joined]


def _find_tokens(window: bytes) -> Iterator[Hit]:
    for token in _find_candidates(window):
        for start in _find_all(window, token.anchor):
            behind = start + len(token.anchor)
            if _continues_word(window, start) or not (match := token.rest.match(window, behind)):
                continue
            groups = match.groupdict()
            body = groups.get("secret") or groups.get("random") or match.group()
            if is_placeholder_token(body) or (groups.get("random") and not looks_random(body)):
                continue
            yield Hit(start, match.end(), token.kind, f"{token.anchor.decode()}…")


def _continues_word(window: bytes, start: int) -> bool:
    """Does the anchor stand in the middle of a word? The `n` of `\\n` in a string literal is none."""
    before = window[max(start - 2, 0) : start]
    is_word = before[-1:].isalnum() and window[start : start + 1].isalnum()
    return is_word and before not in (b"\\n", b"\\t", b"\\r")


def _find_urls(window: bytes) -> Iterator[Hit]:
    if b"@" not in window:  # looking for one letter takes a tenth of the time of looking for three
        return
    for colon in _find_all(window, _SCHEME_END):
        match = _URL.match(window, colon + 1)
        if match is None or _is_example_host(match["host"]):
            continue
        user, password, host = match["user"], match["password"], match["host"].decode()
        if password is None:
            is_secret = looks_random(user)
        else:
            is_secret = password != user and not is_placeholder(password) and b"$" not in password
        if is_secret:
            yield Hit(colon, match.end(), "password in a URL", f"://…@{host}")


def _is_example_host(host: bytes) -> bool:
    name = host.lower()
    return (
        name in (b"host", b"hostname", b"server")
        or b"example" in name
        or name.endswith((b".test", b".invalid"))
    )


def _find_assignments(window: bytes, assignments: Assignments) -> Iterator[Hit]:
    if assignments is Assignments.NONE or not any(sign in window for sign in _SIGNS):
        return
    lowered = window.lower()
    for word in _WORDS:
        for start in _find_all(lowered, word):
            owner = window[max(start - 16, 0) : start]
            if word == b"key" and not _KEY_OWNERS.search(owner):
                continue
            if word == b"token" and _HARMLESS_OWNERS.search(owner):
                continue
            match = _ASSIGNMENT.match(window, start)
            if match and _is_secret_value(match, word, assignments):
                value = match["quoted"] or match["bare"]
                name_match = _NAME.search(window[max(start - 40, 0) : start])
                prefix = name_match.group() if name_match else b""
                word_end = re.match(rb"[A-Za-z0-9_-]*", window[start : match.start("sign")])
                name = (prefix + (word_end.group() if word_end else b"")).decode("ascii")
                excerpt = f"{name} = … ({len(value)} characters)"
                yield Hit(start - len(prefix), match.end(), "secret in an assignment", excerpt)


def _is_secret_value(match: re.Match[bytes], word: bytes, assignments: Assignments) -> bool:
    is_password = word in (b"passw", b"passphrase", b"pwd")
    if (quoted := match["quoted"]) is not None:
        if match["sign"] == b",":  # `getenv("TOKEN", "…")`, or just two items of a list
            return match["closing"] is not None and looks_random(quoted)
        return looks_random(quoted) or (is_password and looks_like_password(quoted))
    bare = match["bare"]
    if match["sign"] not in (b"=", b":"):
        return False
    if assignments is Assignments.BARE:
        return looks_random(bare) or (is_password and looks_like_password(bare))
    # In source code only inside a text: a connection string, a query, an option of a command.
    return match["sign"] == b"=" and match["after"] in (b";", b"&", b'"', b"'") and looks_random(bare)


def _find_all(window: bytes, anchor: bytes) -> Iterator[int]:
    start = window.find(anchor)
    while start >= 0:
        yield start
        start = window.find(anchor, start + 1)

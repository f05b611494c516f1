"""Is a value a secret, or a placeholder, a word, a path, a reference to where the secret is? Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

#: Shorter values are words more often than keys.
RANDOM_MIN_LENGTH = 16
PASSWORD_MIN_LENGTH = 6
#: Bits per character. Words of natural languages and numbers have less, 16 random hex digits about 3.2.
RANDOM_MIN_ENTROPY = 2.9
#: How often the kind of character changes (letter, digit, case) in a value, at least. `checkpoint20240101`
#: changes once; of ten thousand random keys of 16 characters, nine change less often.
RANDOM_MIN_CHANGES = 4

_PLACEHOLDER = re.compile(
    rb"x{4,}|\*{3,}|\.{3,}|-{4,}|_{4,}|change[-_]?(?:me|it|this)|example|placeholder|redacted|your[-_]|"
    rb"dummy|insert[-_]?|<[^>]*>|\xe2\x80\xa6",
    re.IGNORECASE,
)
#: Values that stand for a password in texts and tests.
_STAND_INS = re.compile(
    rb"(?:my|the|a|some|test|your|user|admin|db|super|default|fake|sample|foo|bar|baz|top|guest|postgres|root|"
    rb"new|old|pass|password|passwd|passphrase|pwd|pw|secret|token|key|api|credentials?|value|string|none|null|"
    rb"true|false|undefined|todo|fixme|optional|required|string|abc|qwerty|letmein|[-_. ]|\d{1,3}|1234\d*)+",
    re.IGNORECASE,
)
#: A value that says where the secret is: a variable, a template, a call, a file.
_REFERENCE = re.compile(
    rb"[$%@]|.*(?:\$\{|\$\(|\{\{|%\(|%s|\{[\w.!:]*\}|://)|(?:os\.|env[.:]|process\.|self\.|config\.|settings\.|vault:|"
    rb"arn:|secrets?/|/|~/|\./|\.\./)",
    re.IGNORECASE | re.DOTALL,
)
_VARIABLE_NAME = re.compile(rb"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_WORDS_AND_SEPARATORS = re.compile(rb"[A-Za-z]+\d{0,4}(?:[-_./: ][A-Za-z]*\d{0,4})+")


def is_placeholder(value: bytes) -> bool:
    """Does it stand for a secret instead of being one: `<token>`, `changeme`, `xxxx`, nothing but words?"""
    return bool(_PLACEHOLDER.search(value) or _STAND_INS.fullmatch(value)) or len(set(value)) <= 2


def is_placeholder_token(body: bytes) -> bool:
    """Does what follows a token's fixed beginning stand for a token: `ghp_xxxxxxxx`, `AKIA…EXAMPLE`?"""
    return bool(_PLACEHOLDER.search(body)) or set(body) <= set(b"xX0*.-_")


def looks_random(value: bytes) -> bool:
    """Does it look like something that a machine made up: a key, a token?"""
    if len(value) < RANDOM_MIN_LENGTH or b" " in value or not value.isascii():
        return False
    if _refers(value) or is_placeholder(value):
        return False
    return _changes(value) >= RANDOM_MIN_CHANGES and _entropy(value) >= RANDOM_MIN_ENTROPY


def looks_like_password(value: bytes) -> bool:
    """Does it look like something that a person made up to be hard to guess?"""
    if len(value) < PASSWORD_MIN_LENGTH or any(byte <= 32 for byte in value) or not value.isascii():
        return False
    if _refers(value) or is_placeholder(value) or _WORDS_AND_SEPARATORS.fullmatch(value):
        return False
    text = value.decode("ascii")
    has_lower, has_upper = any(map(str.islower, text)), any(map(str.isupper, text))
    if any(map(str.isdigit, text)):
        return has_lower or has_upper
    # Without a digit: two cases and a sign that is no punctuation of a sentence, so not "Password:".
    return has_lower and has_upper and any(not sign.isalnum() and sign not in ":.,?-_/" for sign in text)


def _refers(value: bytes) -> bool:
    return bool(_REFERENCE.match(value) or _VARIABLE_NAME.fullmatch(value))


def _changes(value: bytes) -> int:
    kinds = [
        "digit" if 48 <= byte <= 57 else "upper" if 65 <= byte <= 90 else "lower"
        for byte in value
        if chr(byte).isalnum()
    ]
    if len({kind == "digit" for kind in kinds}) < 2:
        return 0
    return sum(left != right for left, right in pairwise(kinds))


def _entropy(value: bytes) -> float:
    return -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values())

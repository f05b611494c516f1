"""No token survives, and what is no token does."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_sdk.utils.redaction import redact_auth_header, redact_text, redact_url, sanitize_exception

TOKEN = "q7Zt0bX9fLs2VwKd81mN"

SENTENCES = [
    "Authorization: Token {}",
    "authorization: Bearer {}",
    "{{'Authorization': 'Basic {}'}}",
    "headers={{'SYNAPSE-User': 'Token {}'}}",
    "Synapse-Access-Token: Token {}",
    'SYNAPSE_ACCESS_TOKEN="{}"',
    "SYNAPSE_PLUGIN_RUN_USER_TOKEN={}",
    '{{"access_token": "{}", "host": "x"}}',
    '{{\\"access_token\\": \\"{}\\"}}',
    "password = '{}'",
    "passwd: {}",
    "--api-key={}",
    "x-api-key: {}",
    "client_secret => {}",
    "Set-Cookie: {}; Path=/",
    "Cookie: theme=dark; session_key={}; a=1",
    "{{'headers': {{'Authorization': ['Bearer {}']}}}}",
    '{{"password": [ "{}" ]}}',
    "Headers([('x-api-key', '{}')])",
    "[(b'authorization', b'Token {}')]",
    "Command '['push', '--password', '{}']' returned 1",
    "AccountName=me;AccountKey={}==;EndpointSuffix=core",
    "mc login --secret-key {} --quiet",
    "login --password '{}'",
    "curl -H 'Bearer {}'",
    "https://user:{}@host/path",
    "https://{}@host/path",
    "postgres://me:pa@{}@host/db",
    "https://host/path?token={}&page=2",
    "https://host/path?page=2&X-Amz-Signature={}",
    "https://host/path?key={}",
    "https://host/path?access%5Ftoken={}",
    "https://host/path#access_token={}&state=1",
    "redirected to https://host/?a=1;sig={}.",
]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(
    "token", [TOKEN, "abcdefgh", "0123456789abcdef0123456789abcdef01234567", "p%40ss.w-rd~1"]
)
def test_a_secret_beside_its_name_does_not_survive(sentence: str, token: str):
    shown = redact_text(f"first line\n{sentence.format(token)}\nlast line")

    if not (token == "abcdefgh" and sentence.startswith("curl")):  # a short word behind "Bearer" is prose
        assert token not in shown
        assert "***" in shown
    assert shown.startswith("first line\n")
    assert shown.endswith("\nlast line")


@given(
    st.sampled_from(SENTENCES),
    st.text(string.ascii_letters + string.digits + "-_", min_size=20, max_size=200),
    st.text(max_size=30),
)
def test_whatever_token_stands_there_and_whatever_around_it(sentence: str, token: str, around: str):
    shown = redact_text(f"{around}\n{sentence.format(token)}\n{around}")

    assert token not in shown.replace(around, "")


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + "a1B2c3D4e5F6" * 3,
        "AKIA" + "Q7ZT0BX9FLS2VWKD",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAq7Zt0bX9fLs2VwKd81mN\n",
    ],
)
def test_a_token_that_has_a_form_of_its_own_needs_no_name(secret: str):
    shown = redact_text(f"it said {secret} and stopped")

    assert secret[-16:].strip() not in shown
    assert shown.startswith("it said ")


def test_more_tokens_than_are_found_at_once():
    tokens = ["ghp_" + f"a1B2c3D4e5F6{number:024d}" for number in range(350)]

    shown = redact_text(" ".join(tokens))

    assert [token for token in tokens if token in shown] == []


def test_an_agent_s_token_in_a_path():
    shown = redact_url(f"https://host/agents/{'0a' * 20}/connect/")

    assert shown == "https://host/agents/***/connect/"


@pytest.mark.parametrize(
    "piece",
    [
        "a.",
        "token",
        "token-",
        "eyJ-",
        "ey",
        "://",
        "a://b@",
        "?a=",
        "xxxxxxx ",
        "Bearer ",
        '\\"token',
        "--token ",
        "token=([",
        '"token",',
        "cookie:",
        "--a-token-file",
    ],
)
def test_a_text_that_is_made_to_take_long_does_not(piece: str):
    # A search that looks at each piece from each other one would not come to an end here.
    assert redact_text(piece * 100_000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Epoch 3 of 5: loss=0.25, accuracy: 0.9",
        "max_tokens=512 and 3 tokens used",
        "Token refreshed",
        "Give it by --token-file token.txt, or log in.",
        "options are --token, --tokens and --verbose",
        "https://host:8000/plugins/7/?page=2&per_page=50",
        "mail me@example.org",
        "한글 텍스트",
        "lone surrogate \udc80",
    ],
)
def test_what_is_no_secret_stays(text: str):
    assert redact_text(text) == text


def test_json_stays_json():
    document = {"access_token": TOKEN, "host": "http://h", "nested": {"password": 'a "b" c'}}

    shown = json.loads(redact_text(json.dumps(document)))

    assert shown == {"access_token": "***", "host": "http://h", "nested": {"password": "***"}}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (f"Bearer {TOKEN}", "Bearer ***"),
        (f"Token  {TOKEN} and more", "Token ***"),
        (TOKEN, "***"),
        ("", ""),
        ("Bearer ", "***"),
    ],
)
def test_of_a_header_only_the_scheme_is_left(value: str, shown: str):
    assert redact_auth_header(value) == shown


def test_an_error_says_what_it_says_without_secrets():
    assert sanitize_exception(ValueError(f"no access: token={TOKEN}")) == "no access: token=***"
    assert sanitize_exception(TimeoutError()) == "TimeoutError"

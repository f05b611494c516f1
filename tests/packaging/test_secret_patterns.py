"""What looks like a secret, and what must not.

The secrets of this table are put together here, so that no file of this repository holds one.
"""

from __future__ import annotations

import base64
import random
import string

import pytest

from synapse_sdk.packaging.secret_patterns import Assignments, find_secrets

_RANDOM = random.Random(20240101)


def made_up(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(_RANDOM.choices(alphabet, k=length))


UPPER = string.ascii_uppercase + string.digits
HEX = string.hexdigits.lower()[:16]
BODY = base64.b64encode(_RANDOM.randbytes(600)).decode()
KEY_LINES = [BODY[start : start + 64] for start in range(0, 640, 64)]


def pem(kind: str, newline: str = "\n") -> str:
    return newline.join(["-----BEGIN " + kind + "-----", *KEY_LINES, "-----END " + kind + "-----"])


def encoded(document: str) -> str:
    return base64.urlsafe_b64encode(document.encode()).rstrip(b"=").decode()


TOKENS = {
    "AWS access key": "AK" + "IA" + made_up(16, UPPER),
    "GitHub token": "gh" + "p_" + made_up(36),
    "GitLab token": "glp" + "at-" + made_up(20),
    "Slack token": "xox" + "b-" + made_up(12, string.digits) + "-" + made_up(24),
    "Slack webhook": f"hooks.slack.com/services/T{made_up(8, UPPER)}/B{made_up(8, UPPER)}/{made_up(24)}",
    "Stripe key": "sk_" + "live_" + made_up(24),
    "OpenAI key": "sk" + "-proj-" + made_up(48),
    "Anthropic key": "sk" + "-ant-api03-" + made_up(95),
    "Hugging Face token": "h" + "f_" + made_up(34),
    "Google API key": "AI" + "za" + made_up(35),
    "Google token": "ya" + "29." + made_up(60),
    "Google client secret": "GOC" + "SPX-" + made_up(28),
    "npm token": "np" + "m_" + made_up(36),
    "PyPI token": "py" + "pi-AgEIcHlwaS5vcmc" + made_up(70),
    "Docker token": "dckr" + "_pat_" + made_up(27),
    "SendGrid key": "S" + "G." + made_up(22) + "." + made_up(43),
    "DigitalOcean token": "dop" + "_v1_" + made_up(64, HEX),
    "Databricks token": "da" + "pi" + made_up(32, HEX),
    "Azure storage key": "Account" + "Key=" + made_up(86) + "==",
    "Synapse token": "sy" + "n_" + made_up(40),
    "JSON web token": ".".join(
        [encoded('{"alg":"HS256","typ":"JWT"}'), encoded('{"sub":"1234567890"}'), made_up(43)]
    ),
    "bearer token": "Bea" + "rer " + made_up(40),
    "private key": pem("RSA PRIVATE KEY"),
}


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize(
    "around", ["{}", 'VALUE = "{}"\n', "x: {} # note\n", 'curl -H "X: {}"', "a\\n{}\\nb", "\0\1{}\0"]
)
@pytest.mark.parametrize("assignments", [Assignments.NONE, Assignments.BARE])
def test_a_token_is_found_wherever_it_stands(kind: str, around: str, assignments: Assignments):
    window = around.format(TOKENS[kind]).encode()

    assert kind in [hit.kind for hit in find_secrets(window, assignments)]


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_is_found_among_bytes_of_no_encoding(kind: str):
    around = bytes(range(256))[::-1]
    window = around + TOKENS[kind].encode() + around

    assert kind in [hit.kind for hit in find_secrets(window, Assignments.NONE)]


@pytest.mark.parametrize("kind", TOKENS)
def test_an_excerpt_shows_nothing_of_the_secret(kind: str):
    token = TOKENS[kind]
    middle = token[len(token) // 2 :][:8]

    hits = find_secrets(f'API_TOKEN = "{token}"'.encode(), Assignments.BARE)

    assert hits
    assert not any(middle in hit.excerpt for hit in hits)


@pytest.mark.parametrize(
    "text",
    [
        pem("PRIVATE KEY"),
        pem("EC PRIVATE KEY", "\r\n"),
        pem("OPENSSH PRIVATE KEY"),
        pem("ENCRYPTED PRIVATE KEY"),
        '{"private_key": "' + pem("PRIVATE KEY", "\\n") + '"}',
        'KEY = (\n    "' + pem("PRIVATE KEY", '\\n"\n    "') + '"\n)',
        pem("RSA PRIVATE KEY").replace(
            "-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n\n", 1
        ),
        pem("PGP PRIVATE KEY BLOCK").replace("-----\n", "-----\nVersion: GnuPG v2\n\n", 1),
        "PuTTY-User-Key-" + "File-2: ssh-rsa\n",
    ],
)
def test_a_private_key_is_found_in_every_dress(text: str):
    assert [hit.kind for hit in find_secrets(text.encode(), Assignments.NONE)] == ["private key"]


SECRET = made_up(24)
HARD_TO_GUESS = "Tr0ub4" + "dor&3"


@pytest.mark.parametrize(
    "line",
    [
        f'api_key = "{SECRET}"',
        f"apiKey: '{SECRET}'",
        f'"client_secret": "{SECRET}",',
        f'{{\\"access_token\\": \\"{SECRET}\\"}}',  # a notebook's source is JSON inside JSON
        f'AWS_SECRET_ACCESS_KEY="{made_up(40)}"',
        f'headers["auth_token"] = "{SECRET}"',
        f'token: str = "{SECRET}"',
        f'token: SecretStr | None = SecretStr("{SECRET}")',
        f'secret_key: str = Field(default="{SECRET}")',
        f'os.getenv("HF_TOKEN", "{SECRET}")',
        f'login(password="{HARD_TO_GUESS}")',
        f'PASSWORD = "{HARD_TO_GUESS}"',
        f"db_passwd = '{HARD_TO_GUESS}'",
        f'password_prod => "{HARD_TO_GUESS}"',
        f'connect("Server=db;User Id=me;AccessToken={SECRET};")',
        f'get("https://api.internal/data?token={SECRET}&page=2")',
        f'run("--api-key={SECRET}")',
    ],
)
def test_an_assignment_in_code_is_found(line: str):
    (hit,) = find_secrets(f"import os\n{line}\n".encode(), Assignments.QUOTED)

    assert hit.kind == "secret in an assignment"
    assert SECRET not in hit.excerpt
    assert HARD_TO_GUESS not in hit.excerpt


@pytest.mark.parametrize(
    "line",
    [
        f"API_TOKEN={SECRET}",
        f"export API_TOKEN={SECRET}",
        f"api_token: {SECRET}  # production",
        f"password: {HARD_TO_GUESS.replace('&', '!')}",
        f"DB_PASSWORD={made_up(12)}7",
        f"secret = {SECRET}\r",
    ],
)
def test_a_bare_value_is_found_in_settings_and_not_in_code(line: str):
    text = f"first: 1\n{line}\nlast: 2\n".encode()

    assert len(find_secrets(text, Assignments.BARE)) == 1
    assert find_secrets(text, Assignments.QUOTED) == []


@pytest.mark.parametrize(
    ("url", "is_secret"),
    [
        (f"https://me:{HARD_TO_GUESS.replace('&', '')}@pypi.company.io/simple", True),
        (f"--extra-index-url https://{made_up(30)}@pypi.company.io/simple", True),
        (f"postgresql+psycopg://app:{made_up(10)}@db.internal:5432/main", True),
        (f"redis://:{made_up(16)}@cache:6379", True),
        ("https://user:password@pypi.company.io", False),
        ("https://user:pass@db.internal", False),
        ("postgres://postgres:postgres@localhost/test", False),
        (f"https://me:{made_up(10)}@example.com", False),
        ("https://{user}:{password}@host", False),
        ("https://${USER}:${PASSWORD}@pypi.company.io", False),
        ("https://<user>:<token>@pypi.company.io", False),
        ("git+ssh://git@github.com/team/repo.git", False),
        ("https://me@github.com/team/repo", False),
        ("https://medium.com/@someone/a-post", False),
    ],
)
def test_a_password_in_a_url(url: str, *, is_secret: bool):
    hits = find_secrets(url.encode(), Assignments.BARE)

    assert [hit.kind for hit in hits] == (["password in a URL"] if is_secret else [])


@pytest.mark.parametrize(
    "line",
    [
        'password = "changeme"',
        'password = "password123"',
        'PASSWORD = "xxxxxxxxxxxx"',
        'api_key = "YOUR_API_KEY"',
        'api_key = "your-api-key-goes-here-1"',
        'api_key = "<your token 12345678>"',
        'token = "***************"',
        'token = "..."',
        'token = ""',
        'token = os.environ["HF_TOKEN_V2_FOR_ME"]',
        'token = os.getenv("HF_TOKEN_FOR_DOWNLOADS_2")',
        'api_key = "OPENAI_API_KEY_2"',
        'api_key = "${OPENAI_API_KEY_4_ME}"',
        'api_key = f"{prefix}1234567890abcd{suffix}"',
        'api_key: "{{ secrets.api_key_2024 }}"',
        'secret = "projects/my-project-1/secrets/name-2"',
        'token_file = "/run/secrets/token-2024-01-01"',
        'password = "/run/secrets/db1"',
        'password: "Enter your password, 8 characters"',
        '"password": "Password:"',
        '"password": "비밀번호를 입력하세요"',
        'pad_token = "<|endoftext|>"',
        'eos_token = "[SEP]"',
        'tokenizer = "bert-base-uncased-2024-01-01"',
        'token = "checkpoint20240101"',
        "max_new_tokens: 4096",
        'next_token = "AAMA-EFRSURBSGh1e8gGmF2k1"',
        'key = "conv1_weight_3x3_layer2_block4"',
        'cache_key = "a1b2c3d4e5f6a7b8c9d0"',
        'password_hash = "pbkdf2"',
        'parser.add_argument("--token", help="the token, see https://example.com/a1")',
        'secret: "my-kubernetes-secret-v2"',
        "AKIAIOSFODNN7" + "EXAMPLE",
        'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCY' + 'EXAMPLEKEY"',
        'token = "gh' + "p_" + "x" * 36 + '"',
        "h" + "f_" + "X" * 34,
        'if line == "-----BEGIN ' + 'PRIVATE KEY-----":\n    read_the_rest_of_this_key_now()',
        'HEADERS = ["-----BEGIN ' + 'PRIVATE KEY-----", "-----BEGIN ' + 'RSA PRIVATE KEY-----"]',
        "-----BEGIN " + "CERTIFICATE-----\n" + "\n".join(KEY_LINES),
        "-----BEGIN " + "PUBLIC KEY-----\n" + "\n".join(KEY_LINES),
        "syn_convolution_layer_weights_and_bias",
        "syn_batch_normalisation",
        'sha256 = "' + made_up(64, HEX) + '"',
        'DIGEST = "sha256:' + made_up(64, HEX) + '"',
        "https://github.com/team/repo/commit/" + made_up(40, HEX),
        'uuid = "8f14e45f-ceea-467f-a0e6-0123456789ab"',
        "task-" + made_up(48),  # "sk-" in the middle of a word
    ],
)
@pytest.mark.parametrize("assignments", [Assignments.QUOTED, Assignments.BARE])
def test_a_placeholder_a_reference_or_a_plain_value_is_no_secret(line: str, assignments: Assignments):
    assert find_secrets(f"{line}\n".encode(), assignments) == []


def test_random_bytes_and_base64_hold_no_tokens():
    noise = _RANDOM.randbytes(2_000_000)

    assert find_secrets(noise, Assignments.NONE) == []
    assert find_secrets(base64.b64encode(noise), Assignments.BARE) == []


def test_each_secret_is_one_finding():
    window = f'token = "{TOKENS["GitHub token"]}"; api_key = "{SECRET}"'.encode()

    assert [hit.kind for hit in find_secrets(window, Assignments.QUOTED)] == [
        "GitHub token",
        "secret in an assignment",
    ]

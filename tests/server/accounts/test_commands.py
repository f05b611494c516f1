"""`synapse server account` and `synapse server token`, on a folder while its server runs."""

from __future__ import annotations

import io

import httpx
import pytest
from tests.cli_process import Finished

from synapse_sdk.cli.rim import run
from synapse_sdk.clients.errors import AuthenticationError
from synapse_sdk.server.http.errors import UnauthorizedError

PASSWORD = "correct horse battery"


@pytest.fixture
def command(server, capsys, monkeypatch):
    """The command line on the server's folder, from arguments to exit code, in this process."""

    def run_command(*words: str, stdin: str = "") -> Finished:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        arguments = ["server", *words, "--data-dir", str(server.services.folder.root)]
        code = run(arguments)
        said = capsys.readouterr()
        return Finished(" ".join(arguments), code, said.out, said.err)

    return run_command


def test_a_password_is_set_and_set_again(command, server):
    accounts = server.services.accounts
    assert command("account", "add", "kim", "--role", "viewer").returncode == 0

    first = command("account", "password", "kim", "--password-file", "-", stdin=PASSWORD + "\n")
    assert first.returncode == 0, first
    assert PASSWORD not in first.said
    cookie = accounts.sign_in_by_password("kim", PASSWORD)
    assert accounts.authenticate_session(cookie)[0].role == "viewer"

    assert command("account", "password", "kim", "--password-file", "-", stdin="another one").returncode == 0
    accounts.sign_in_by_password("kim", "another one")
    with pytest.raises(UnauthorizedError):
        accounts.sign_in_by_password("kim", PASSWORD)
    with pytest.raises(UnauthorizedError):
        accounts.authenticate_session(cookie)


@pytest.mark.parametrize(
    ("given", "said"), [("short\n", "10 to 1000 characters"), ("two\nlines of it\n", "more than one line")]
)
def test_what_is_no_password_changes_nothing(command, server, given, said):
    command("account", "add", "kim")
    answer = command("account", "password", "kim", "--password-file", "-", stdin=given)
    assert answer.returncode == 2, answer
    assert said in answer.stderr
    assert not server.services.accounts.get_member("kim").has_password


def test_without_a_terminal_a_password_is_not_asked_for(command):
    command("account", "add", "kim")
    answer = command("account", "password", "kim")
    assert answer.returncode == 2
    assert "--password-file is needed" in answer.stderr


def test_a_disabled_account_is_refused_until_it_is_enabled(command, server):
    kim = server.client(token=server.token("developer", name="kim"))
    assert kim.get("whoami/")["role"] == "developer"
    assert command("account", "disable", "kim").returncode == 0
    with pytest.raises(AuthenticationError):
        kim.get("whoami/")
    assert "kim      developer  disabled" in command("account", "list").stdout
    command("account", "enable", "kim")
    assert kim.get("whoami/")["role"] == "developer"


def test_a_lower_role_holds_for_the_tokens_that_are_there(command, server):
    kim = server.client(token=server.token("admin", name="kim"))
    assert command("account", "role", "kim", "viewer").returncode == 0
    assert kim.get("whoami/")["role"] == "viewer"


@pytest.mark.parametrize(
    "words",
    [
        ("account", "password", "kimm", "--password-file", "-"),
        ("account", "role", "kimm", "viewer"),
        ("account", "disable", "kimm"),
        ("account", "enable", "kimm"),
    ],
)
def test_a_typing_mistake_makes_no_account(command, server, words):
    answer = command(*words, stdin=PASSWORD)
    assert answer.returncode == 2, answer
    assert "There is no account 'kimm'" in answer.stderr
    assert "kimm" not in command("account", "list").stdout


def test_an_account_is_made_once(command):
    assert command("account", "add", "kim").returncode == 0
    again = command("account", "add", "kim", "--role", "admin")
    assert again.returncode == 2
    assert "There is an account 'kim' already" in again.stderr
    assert "kim      developer" in command("account", "list").stdout


def test_tokens_are_listed_without_their_texts_and_revoked(command, server):
    made = command("token", "--account", "kim", "--days", "3")
    text = made.stdout.strip()
    server.token("admin")

    listed = command("token", "list", "--account", "kim")
    assert text not in listed.said
    (row,) = listed.stdout.splitlines()[1:]
    number = row.split()[0]
    assert text.startswith(row.split("…")[0].split()[-1])

    assert command("token", "revoke", number).returncode == 0
    answer = httpx.get(f"{server.url}/whoami/", headers={"Authorization": f"Token {text}"})
    assert answer.status_code == 401
    assert "was revoked" in answer.json()["detail"]
    hidden = command("token", "list", "--account", "kim")
    assert hidden.stdout.splitlines()[1:] == []
    assert "1 token not shown" in hidden.stderr
    assert "revoked" in command("token", "list", "--account", "kim", "--all").stdout


def test_options_of_making_are_not_lost_before_a_subcommand(command):
    answer = command("token", "--account", "kim", "list")
    assert answer.returncode == 2
    assert "--account goes behind `list`" in answer.stderr
    assert command("token", "revoke", "99").returncode == 2


def test_admins_see_whose_a_token_is(server):
    server.token("developer", name="kim")
    found = server.client().get("tokens/")["results"]
    assert {token["account"] for token in found} == {"kim", "test-admin"}

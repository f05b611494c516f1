"""From nobody to somebody: a server is started, a token made, kept, used and forgotten."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import httpx

from tests.cli_process import Synapse
from tests.server_process import ServerProcess


def config_of(synapse: Synapse) -> Path:
    return synapse.home / ".synapse/config.json"


def test_login_verifies_then_keeps_privately_then_forgets(synapse: Synapse, bare_server: ServerProcess):
    token = bare_server.make_token()

    answer = synapse("login", "--host", bare_server.url + "/", "--token-file", "-", stdin=token + "\n")

    assert answer.returncode == 0, answer
    assert "as owner (admin)" in answer.stderr
    assert token not in answer.said
    file = config_of(synapse)
    assert json.loads(file.read_text()) == {"host": bare_server.url, "access_token": token}
    assert file.stat().st_mode & 0o777 == 0o600
    doctor = synapse("doctor")
    assert "as owner (admin)" in doctor.stdout
    assert token not in doctor.said

    assert synapse("logout").returncode == 0
    assert json.loads(file.read_text()) == {}
    again = synapse("job", "list")
    assert again.returncode == 3
    assert again.stderr.startswith("error: Not authenticated")
    assert "synapse login" in again.stderr


def test_a_wrong_token_changes_nothing(synapse: Synapse, bare_server: ServerProcess):
    bare_server.log_in()
    before = config_of(synapse).read_bytes()

    answer = synapse("login", "--host", bare_server.url, "--token-file", "-", stdin="syn_user_wrong")

    assert answer.returncode == 3, answer
    assert "the token is not known here" in answer.stderr
    assert config_of(synapse).read_bytes() == before


def test_a_server_that_is_away_is_told_within_seconds(synapse: Synapse, bare_server: ServerProcess):
    bare_server.log_in()
    bare_server.stop()
    begun = time.monotonic()

    answer = synapse("job", "list")

    assert answer.returncode == 3, answer
    assert f"{bare_server.url} can not be reached" in answer.stderr
    assert "doctor" in answer.stderr
    # Three seconds and a loaded machine's start of Python.
    assert time.monotonic() - begun < 20


def test_a_token_on_the_command_line_is_warned_of(synapse: Synapse, bare_server: ServerProcess):
    answer = synapse("login", "--host", bare_server.url, "--token", bare_server.make_token())
    assert answer.returncode == 0, answer
    assert "warning: --token can be seen" in answer.stderr


def test_other_keys_of_the_file_survive(synapse: Synapse, bare_server: ServerProcess):
    config_of(synapse).parent.mkdir()
    config_of(synapse).write_text('{"language": "ko", "github": {"token": "x"}}')
    bare_server.log_in()
    stored = json.loads(config_of(synapse).read_text())
    assert stored["language"] == "ko"
    assert stored["github"] == {"token": "x"}


def test_a_token_for_one_server_is_not_sent_to_another(synapse: Synapse, bare_server: ServerProcess):
    bare_server.log_in()
    answer = synapse("job", "list", "--host", "http://127.0.0.1:9")
    assert answer.returncode == 3
    assert f"the token at hand is for {bare_server.url}" in answer.stderr


def test_without_a_terminal_login_asks_nothing(synapse: Synapse):
    answer = synapse("login")
    assert answer.returncode == 2
    assert "--host" in answer.stderr


def test_the_server_ends_by_itself_when_told(bare_server: ServerProcess):
    assert bare_server.stop() == 0
    assert "The server has ended." in bare_server.log.read_text()
    assert not (bare_server.data_dir / "server.json").exists()


def test_ctrl_c_is_an_ordinary_end(bare_server: ServerProcess):
    assert bare_server.process is not None
    os.killpg(bare_server.process.pid, signal.SIGINT)
    assert bare_server.process.wait(30) == 0


def test_a_second_server_on_the_folder_is_refused(synapse: Synapse, bare_server: ServerProcess):
    answer = synapse("server", "start", "--data-dir", bare_server.data_dir, "--port", "0")
    assert answer.returncode == 2, answer
    assert "Another server runs on" in answer.stderr


def test_elsewhere_than_on_loopback_it_wants_tls(synapse: Synapse, tmp_path: Path):
    answer = synapse("server", "start", "--data-dir", tmp_path / "data", "--host", "0.0.0.0", "--port", "0")
    assert answer.returncode == 2, answer
    assert "clear text" in answer.stderr
    assert "--tls-cert" in answer.stderr
    assert not (tmp_path / "data").exists()


def test_what_was_acknowledged_survives_kill_9(synapse: Synapse, bare_server: ServerProcess):
    token = bare_server.log_in()
    bare_server.kill()
    bare_server.start()
    assert synapse("server", "status", "--data-dir", bare_server.data_dir).returncode == 0
    answer = synapse("login", "--host", bare_server.url, "--token-file", "-", stdin=token)
    assert answer.returncode == 0, answer


def test_behind_a_path_prefix_links_cookies_and_addresses_have_it(synapse: Synapse, tmp_path: Path):
    options = ("--path-prefix", "/team/synapse", "--no-agent")
    server = ServerProcess(synapse, tmp_path / "prefixed", options)
    server.start()
    try:
        # As a proxy hands it on: without the prefix.
        form = httpx.get(f"{server.url}/console/sign-in/")
        assert 'action="/team/synapse/console/sign-in/"' in form.text
        assert "Path=/team/synapse/console;" in form.headers["set-cookie"]
        assert httpx.get(f"{server.url}/").headers["location"] == "/team/synapse/console/"
        style = httpx.get(f"{server.url}/console/static/console.css")
        assert style.headers["content-type"].startswith("text/css")
        assert httpx.get(f"{server.url}/health/").json()["status"] == "ok"
    finally:
        server.stop()


def test_a_prefix_that_is_none_is_refused(synapse: Synapse, tmp_path: Path):
    answer = synapse("server", "start", "--data-dir", tmp_path / "data", "--path-prefix", "synapse/")
    assert answer.returncode == 2, answer
    assert "'synapse/' is no path prefix" in answer.stderr

"""Settings: environment beats file, file beats default, and every value says where it came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synapse_sdk.settings import SettingsError, load_settings, update_config_file
from tests.plugins.scripts import say


def load(home: Path, stored: Any = None, **environ: str):
    home.mkdir(parents=True, exist_ok=True)
    if stored is not None:
        text = stored if isinstance(stored, str | bytes) else json.dumps(stored)
        (home / "config.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_settings({"SYNAPSE_HOME": str(home)} | environ)


@pytest.mark.parametrize(
    ("stored", "environ", "language", "origin"),
    [
        (None, {}, "en", "default"),
        ({"language": "ko"}, {}, "ko", "file {home}/config.json"),
        ({"language": "ko"}, {"SYNAPSE_LANGUAGE": "en"}, "en", "environment SYNAPSE_LANGUAGE"),
        ({"language": None}, {}, "en", "default"),
        ({"language": "ko"}, {"SYNAPSE_LANGUAGE": ""}, "ko", "file {home}/config.json"),
    ],
)
def test_a_value_has_one_origin(
    tmp_path: Path, stored: Any, environ: dict[str, str], language: str, origin: str
):
    settings = load(tmp_path, stored, **environ)

    assert settings.language == language
    origins = {item.name: (item.value, item.origin) for item in settings.origins}
    assert origins["language"] == (language, origin.format(home=tmp_path))


def test_every_value_tells_its_origin(tmp_path: Path):
    settings = load(tmp_path, {"data_dir": str(tmp_path / "elsewhere")})

    assert {item.name: item.origin for item in settings.origins} == {
        "home": "environment SYNAPSE_HOME",
        "data_dir": f"file {tmp_path}/config.json",
        "language": "default",
        "host": "default",
        "access_token": "default",
        "tenant": "default",
    }
    for item in settings.origins:
        assert str(getattr(settings, item.name) or "") == item.value


def test_a_token_is_known_and_never_shown(tmp_path: Path):
    settings = load(
        tmp_path, {"host": "http://a", "access_token": "of-the-file"}, SYNAPSE_ACCESS_TOKEN="hush"
    )

    assert settings.host == "http://a"
    assert settings.access_token is not None
    assert settings.access_token.reveal() == "hush"
    assert "hush" not in repr(settings)
    assert {item.name: item.origin for item in settings.origins}[
        "access_token"
    ] == "environment SYNAPSE_ACCESS_TOKEN"


def test_the_vendors_pair_of_variables_is_a_login_too(tmp_path: Path):
    settings = load(tmp_path, SYNAPSE_PLUGIN_RUN_USER_TOKEN="theirs", SYNAPSE_PLUGIN_RUN_TENANT="room")

    assert settings.access_token is not None
    assert settings.access_token.reveal() == "theirs"
    assert settings.tenant == "room"


def test_changing_a_key_keeps_the_others_and_the_file_private(tmp_path: Path):
    file = tmp_path / "home/config.json"
    update_config_file(file, {"host": "http://a", "access_token": "hush"})
    update_config_file(file, {"language": "ko"})
    update_config_file(file, {"host": None})

    assert json.loads(file.read_text()) == {"access_token": "hush", "language": "ko"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_damaged_file_is_refused_rather_than_replaced(tmp_path: Path):
    file = tmp_path / "config.json"
    file.write_text("{broken")
    with pytest.raises(SettingsError):
        update_config_file(file, {"host": "http://a"})
    assert file.read_text() == "{broken"


def test_one_variable_moves_everything(tmp_path: Path):
    settings = load(tmp_path / "home")

    assert settings.config_file == tmp_path / "home/config.json"
    assert settings.data_dir == tmp_path / "home/data"
    assert settings.local_workspace_dir == tmp_path / "home/data/workspaces/local"
    assert settings.cache_dir == tmp_path / "home/cache"


def test_a_data_folder_is_absolute_however_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    settings = load(tmp_path / "home", SYNAPSE_DATA_DIR="here")

    monkeypatch.chdir("/")

    assert settings.data_dir in (tmp_path / "here", Path("/here"))
    assert settings.data_dir.is_absolute()


def test_the_users_own_folder_may_be_written_with_a_tilde(tmp_path: Path):
    printed = say(
        "from synapse_sdk.settings import load_settings\n"
        "settings = load_settings({'SYNAPSE_DATA_DIR': '~/d', 'SYNAPSE_HOME': '~/h'})\n"
        "print(settings.home, settings.data_dir, load_settings({}).home)",
        tmp_path,
    )

    home = tmp_path / ".home"
    assert printed == [f"{home}/h {home}/d {home}/.synapse"]


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ("{", "can not be read as JSON"),
        (b"\xff\xfe", "can not be read as JSON"),
        ("[1]", "holds a list, not a JSON object"),
        ({"language": "xx"}, "language is 'xx' (file {home}/config.json); allowed are en, ko."),
        ({"language": 5}, "language is 5 (file {home}/config.json), which is not a text."),
        ({"data_dir": ["a"]}, 'data_dir is ["a"] (file {home}/config.json), which is not a text.'),
    ],
)
def test_a_file_that_does_not_do_is_told(tmp_path: Path, stored: Any, message: str):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, stored)

    assert message.format(home=tmp_path) in caught.value.message
    assert str(tmp_path / "config.json") in caught.value.message


def test_a_language_that_does_not_exist_is_told_with_its_variable(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"language is 'xx' \(environment SYNAPSE_LANGUAGE\)"):
        load(tmp_path, SYNAPSE_LANGUAGE="xx")


def test_keys_of_others_in_the_file_are_left_to_them(tmp_path: Path):
    load(tmp_path, {"access_token": "hush", "agent": {"id": 1}})

    assert json.loads((tmp_path / "config.json").read_text()) == {"access_token": "hush", "agent": {"id": 1}}


def test_a_file_from_windows_is_read(tmp_path: Path):
    assert load(tmp_path, b'\xef\xbb\xbf{"language": "ko"}').language == "ko"


def test_loading_makes_nothing(tmp_path: Path):
    settings = load_settings({"SYNAPSE_HOME": str(tmp_path / "none")})

    assert settings.data_dir == tmp_path / "none/data"
    assert list(tmp_path.iterdir()) == []

"""A plugin, or a wheel of it, into a storage."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from synapse_sdk.packaging import SecretFoundError
from synapse_sdk.packaging.lock import find_uv
from synapse_sdk.plugins.errors import ArchiveError, BuildError, ConfigNotFoundError, PluginUploadError
from synapse_sdk.plugins.upload import (
    BuildConfig,
    PackageManager,
    UploadStage,
    archive_and_upload,
    archive_plugin,
    build_and_upload,
    download_and_upload,
    modify_wheel_build_tag,
)
from synapse_sdk.utils.file.io import get_temp_path
from tests.utils.file_server import FileServer

CONFIG = "name: A\ncode: a\nversion: 0.1.0\ncategory: custom\nactions:\n  go:\n    entrypoint: plugin.go:go\n"
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "small"
version = "1.0"
"""
#: Builds without the network: a wheel is a zip file with a few texts.
BACKEND = """
import zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("small.py", "x = 1\\n")
        for name_, lines in {
            "METADATA": ["Metadata-Version: 2.1", "Name: small", "Version: 1.0", ""],
            "WHEEL": ["Wheel-Version: 1.0", "Root-Is-Purelib: true", "Tag: py3-none-any", ""],
            "RECORD": [],
        }.items():
            wheel.writestr(f"small-1.0.dist-info/{name_}", "\\n".join(lines))
    return name
"""


class FolderStorage:
    """A storage that is a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent: list[str] = []

    def upload(self, source: Path, target: str) -> str:
        self.sent.append(target)
        (self.folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, self.folder / target)
        return self.get_url(target)

    def exists(self, target: str) -> bool:
        return (self.folder / target).exists()

    def get_url(self, target: str) -> str:
        return f"folder://{target}"


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "storage")


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    folder = tmp_path / "a"
    (folder / "plugin").mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "README.md").write_text("# A\n")
    (folder / "plugin/__init__.py").touch()
    (folder / "plugin/go.py").write_text("def go(): ...\n")
    (folder / ".gitignore").write_text("data/\n")
    (folder / "data").mkdir()
    (folder / "data/large.bin").write_bytes(b"x")
    (folder / ".env").write_text("A=1")
    return folder


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("use_git", [True, False])
def test_an_archive_holds_what_a_release_would(plugin: Path, tmp_path: Path, use_git: bool):
    stages: list[tuple[str, int, int]] = []

    archived = archive_plugin(
        plugin, tmp_path / "new/a.zip", use_git=use_git, progress_callback=lambda *told: stages.append(told)
    )

    path, checksum = archived  # as of a tuple, too
    assert (path, checksum) == (archived.path, archived.checksum) == (tmp_path / "new/a.zip", md5(path))
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == [
            ".gitignore", "README.md", "config.yaml", "plugin/__init__.py", "plugin/go.py"
        ]  # fmt: skip
    assert stages == [(stage, done, 1) for stage in ("archiving", "checksumming") for done in (0, 1)]


@pytest.mark.usefixtures("temporary")
def test_an_archive_without_a_place_of_its_own_is_a_temporary_file(plugin: Path):
    first = archive_plugin(plugin)

    assert first.path.is_relative_to(get_temp_path())
    assert archive_plugin(plugin) == first


def test_a_secret_does_not_travel(plugin: Path, tmp_path: Path):
    (plugin / "plugin/go.py").write_text(f"TOKEN = 'ghp_{'a1B2c3D4e5F6' * 3}'\n")

    with pytest.raises(SecretFoundError):
        archive_plugin(plugin, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()
    with pytest.raises(ConfigNotFoundError):
        archive_plugin(tmp_path / "storage")


@pytest.mark.usefixtures("temporary")
def test_an_archive_is_sent_once_under_its_checksum(plugin: Path, storage: FolderStorage, temporary: Path):
    stages = []

    first = archive_and_upload(
        plugin, storage, target_prefix="/plugins/", progress_callback=lambda stage, *_: stages.append(stage)
    )
    again = archive_and_upload(plugin, storage, target_prefix="plugins")

    sent = storage.folder / "plugins" / first.filename
    assert first.filename == f"dev-{md5(sent)}.zip"
    assert (first.url, first.size, first.is_cached) == (
        f"folder://plugins/{first.filename}",
        sent.stat().st_size,
        False,
    )
    assert (again.url, again.checksum, again.is_cached) == (first.url, first.checksum, True)
    assert storage.sent == [f"plugins/{first.filename}"]
    archive_and_upload(plugin, storage, target_prefix="plugins", skip_existing=False)
    assert len(storage.sent) == 2
    assert list(dict.fromkeys(stages)) == [
        UploadStage.ARCHIVING, UploadStage.CHECKSUMMING, UploadStage.UPLOADING, UploadStage.VERIFYING
    ]  # fmt: skip
    assert list(temporary.iterdir()) == []


def test_a_storage_may_be_described(plugin: Path, tmp_path: Path):
    (tmp_path / "kept").mkdir()
    described = {"provider": "local", "configuration": {"location": str(tmp_path / "kept")}}

    result = archive_and_upload(plugin, described, target_prefix="plugins")

    assert md5(tmp_path / "kept/plugins" / result.filename) == result.checksum
    assert archive_and_upload(plugin, described, target_prefix="plugins").is_cached


def test_a_storage_that_fails_is_told_without_its_secrets(plugin: Path, tmp_path: Path):
    class Failing(FolderStorage):
        def upload(self, source: Path, target: str) -> str:
            raise OSError("no access with secret_key=q7Zt0bX9fLs2")

    class Forgetful(FolderStorage):
        def upload(self, source: Path, target: str) -> str:
            return "folder://nowhere"

    with pytest.raises(
        PluginUploadError, match=r"did not reach the storage: no access with secret_key=\*\*\*$"
    ):
        archive_and_upload(plugin, Failing(tmp_path / "s"))
    with pytest.raises(PluginUploadError, match="and does not have it"):
        archive_and_upload(plugin, Forgetful(tmp_path / "s"))


def test_an_archive_at_an_address(plugin: Path, storage: FolderStorage, server: FileServer, tmp_path: Path):
    archived = archive_plugin(plugin, tmp_path / "a.zip")
    server.files |= {"a.zip": archived.path.read_bytes(), "page.zip": b"<html>"}

    result = download_and_upload(f"{server.url}/a.zip?sig=abc", storage)

    assert result.checksum == archived.checksum
    assert (storage.folder / result.filename).read_bytes() == archived.path.read_bytes()
    with pytest.raises(ArchiveError, match="it is no zip file"):
        download_and_upload(f"{server.url}/page.zip", storage)
    assert len(storage.sent) == 1


def make_project(folder: Path, backend: str = BACKEND) -> Path:
    (folder / "dist").mkdir(parents=True)
    (folder / "dist/old.whl").touch()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "backend.py").write_text(backend)
    return folder


def test_a_wheel_is_built_and_can_be_installed(tmp_path: Path, storage: FolderStorage):
    project = make_project(tmp_path / "small")

    result = build_and_upload(project, storage, build_config=BuildConfig(extra_args=["--offline"]))

    tag = result.checksum if result.checksum[0].isdigit() else f"0{result.checksum}"
    assert result.filename == f"small-1.0-{tag}-py3-none-any.whl"
    assert [path.name for path in (project / "dist").iterdir()] == ["old.whl"]
    target = tmp_path / "installed"
    wheel = storage.folder / result.filename
    command = [find_uv(), "pip", "install", "-q", "--no-deps", "--offline", "--target", str(target)]
    subprocess.run([*command, str(wheel)], check=True)
    assert (target / "small.py").read_text() == "x = 1\n"


def test_a_build_that_fails_says_why(tmp_path: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch):
    broken = make_project(tmp_path / "small", "raise RuntimeError('no token=q7Zt0bX9fLs2 here')")

    with pytest.raises(BuildError, match=r"(?s)uv can not build a wheel.*no token=\*\*\* here"):
        build_and_upload(broken, storage, build_config=BuildConfig(extra_args=["--offline"]))
    with pytest.raises(BuildError, match=r"no pyproject\.toml in"):
        build_and_upload(tmp_path, storage)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="poetry is not installed"):
        build_and_upload(broken, storage, build_config=BuildConfig(PackageManager.POETRY))
    assert storage.sent == []


@pytest.mark.parametrize(
    ("name", "tag", "renamed"),
    [
        ("small-1.0-py3-none-any.whl", "abc", "small-1.0-0abc-py3-none-any.whl"),
        ("small-1.0-7-py3-none-any.whl", "8", "small-1.0-8-py3-none-any.whl"),
        ("small-1.0-8-py3-none-any.whl", "8", "small-1.0-8-py3-none-any.whl"),
        (
            "small-1.0+cpu-cp311-cp311-manylinux_2_17_x86_64.whl",
            "1",
            "small-1.0+cpu-1-cp311-cp311-manylinux_2_17_x86_64.whl",
        ),
    ],
)
def test_a_wheel_gets_a_build_tag(tmp_path: Path, name: str, tag: str, renamed: str):
    (tmp_path / name).write_bytes(b"w")

    assert modify_wheel_build_tag(tmp_path / name, tag) == tmp_path / renamed
    assert [path.name for path in tmp_path.iterdir()] == [renamed]


def test_what_is_no_wheel_or_no_tag_is_refused(tmp_path: Path):
    wheel = tmp_path / "small-1.0-py3-none-any.whl"
    wheel.touch()
    (tmp_path / "small-1.0-1-py3-none-any.whl").touch()

    with pytest.raises(BuildError, match="is no name of a wheel"):
        modify_wheel_build_tag(tmp_path / "small.whl", "1")
    with pytest.raises(BuildError, match="is no build tag"):
        modify_wheel_build_tag(wheel, "1-2")
    with pytest.raises(FileExistsError):
        modify_wheel_build_tag(wheel, "1")

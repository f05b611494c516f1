"""What no ignore file can let through, and what only looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.manifest import build_manifest
from synapse_sdk.manifest.never import find_never
from tests.manifest.folders import write_files


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (".git/", "version control"),
        ("vendor/lib/.git", "version control"),  # a file, in a submodule
        (".venv/", "virtual environment"),
        ("venv/", "virtual environment"),
        ("plugin/__pycache__/", "cache, made again when needed"),
        ("plugin/a.pyc", "cache, made again when needed"),
        ("node_modules/", "cache, made again when needed"),
        (".hypothesis/", "cache, made again when needed"),
        (".synapse/", "run records of this machine"),
        (".DS_Store", "left by the desktop"),
        (".idea/", "left by an editor"),
        ("plugin/.train.py.swp", "left by an editor"),
        ("train.py~", "left by an editor"),
        (".env", "environment file, may hold secrets"),
        ("deploy/.env.production", "environment file, may hold secrets"),
        (".ENV", "environment file, may hold secrets"),
        ("id_rsa", "private key"),
        ("keys/id_ed25519", "private key"),
        ("server.key", "private key"),
        ("bundle.p12", "private key"),
        (".netrc", "credentials"),
        (".pypirc", "credentials"),
        (".npmrc", "credentials"),
        (".git-credentials", "credentials"),
        ("credentials.json", "credentials"),
        ("service-account-prod.json", "credentials"),
        ("my/service_account.json", None),
        ("client_secret_123.apps.json", "credentials"),
        (".aws/", "credentials"),
        (".ssh/", "credentials"),
        (".kube/", "credentials"),
        (".docker/config.json", "credentials"),
    ],
)
def test_a_never_file_is_known_by_its_name(path: str, reason: str | None):
    expected = reason or "credentials"

    assert find_never(path.rstrip("/"), is_folder=path.endswith("/")) == expected


@pytest.mark.parametrize(
    "path",
    [
        *("env/", "build/", "dist/", "plugin/env/", "plugin/build/", "dist", "build"),
        *(".env.example", ".env.sample", ".env.template", "env.py", "environment.yaml"),
        *("id_rsa.pub", "public.pem", "keys.py", "monkey", "token.txt", "config.json", "docker/config.json"),
        *("venv", "service.json", "plugin/git/", "aws/", "README.md", ".synapseignore", ".gitignore"),
    ],
)
def test_a_name_that_only_looks_like_one_travels(path: str):
    assert find_never(path.rstrip("/"), is_folder=path.endswith("/")) is None


def test_no_ignore_file_lets_a_never_file_through(tmp_path: Path):
    write_files(
        tmp_path,
        {
            ".synapseignore": "!.env\n!.git/\n!*\n",
            ".gitignore": "!.env\n",
            ".env": "A=1",
            ".git/config": "",
            "plugin/__pycache__/a.pyc": "",
            "a.py": "",
        },
    )

    manifest = build_manifest(tmp_path)

    assert [file.path for file in manifest.files] == [".gitignore", ".synapseignore", "a.py"]
    assert [(entry.path, entry.rule) for entry in manifest.left_out] == [
        (".env", "always"),
        (".git", "always"),
        ("plugin/__pycache__", "always"),
    ]


@pytest.mark.parametrize("marker", ["pyvenv.cfg", "conda-meta/history"])
def test_a_virtual_environment_is_known_whatever_its_name_is(tmp_path: Path, marker: str):
    write_files(tmp_path, {f"env/{marker}": "", "env/bin/python": "", "build/pyvenv.py": ""})

    manifest = build_manifest(tmp_path)

    assert [file.path for file in manifest.files] == ["build/pyvenv.py"]
    assert [(entry.path, entry.reason) for entry in manifest.left_out] == [("env", "virtual environment")]


def test_a_never_folder_is_not_entered(tmp_path: Path):
    write_files(tmp_path, {".venv/lib/a.py": ""})
    # Were it entered, this link would be refused.
    (tmp_path / ".venv/outside").symlink_to("/")

    (entry,) = build_manifest(tmp_path).left_out

    assert (entry.path, entry.is_folder, entry.file_count) == (".venv", True, None)

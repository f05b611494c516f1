"""Descriptions and providers by name."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from pydantic import BaseModel

from synapse_sdk._internal.errors import MissingExtraError
from synapse_sdk.storage_providers import config, registry
from synapse_sdk.storage_providers.capabilities import StorageCapabilities, conservative_case_sensitivity
from synapse_sdk.storage_providers.errors import StorageConfigError, StorageProviderNotFoundError
from synapse_sdk.storage_providers.providers.local import LocalStorage
from synapse_sdk.utils.storage import get_storage

S3 = {"bucket_name": "cats", "access_key": "me", "secret_key": "s3cret"}
SFTP = {"host": "nas", "username": "me", "password": "s3cret", "port": 2222, "root_path": "/files"}
SMB = {"host": "nas", "share": "team", "domain": "OFFICE", "username": "me", "password": "s3cret"}
GCS = {"bucket_name": "cats", "credentials": {"private_key": "s3cret"}, "project": "p"}


@pytest.mark.parametrize(
    ("name", "own"), [("local", "local"), ("gs", "gcs"), ("minio", "s3"), ("https", "http")]
)
def test_a_provider_has_several_names(name: str, own: str):
    assert registry.resolve_provider_alias(name) == own
    assert registry.is_provider_supported(name)
    assert registry.get_provider_class(name) is registry.get_provider_class(own)


@pytest.mark.parametrize("name", ["synology", "floppy"])
def test_what_is_not_reached_is_told_with_what_is(name: str):
    for ask in (registry.get_provider_class, registry.get_capabilities):
        with pytest.raises(
            StorageProviderNotFoundError, match=f"'{name}', which this version does not reach"
        ) as caught:
            ask(name)
    assert "Kinds that it reaches: gcs, http, local, s3, sftp, smb, amazon_s3" in str(caught.value.hint)
    assert not registry.is_provider_supported(name)


def test_a_plugin_adds_a_provider(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setattr(registry, "_added", {})

    class Floppy(LocalStorage):
        capabilities = StorageCapabilities(iterdir=True)

    registry.register_provider("floppy", Floppy)

    storage = get_storage({"provider": "floppy", "configuration": {"location": str(tmp_path)}, "id": 4})
    assert isinstance(storage, Floppy)
    assert registry.get_capabilities("floppy") == Floppy.capabilities
    assert "floppy" in registry.get_registered_providers()


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"configuration": {}}, "A storage's description does not fit: provider: Field required"),
        ([], "A storage's description is a mapping, not list"),
        ({"provider": "local"}, "of the kind 'local' does not fit: location: Field required"),
        (
            {"provider": "s3", "configuration": {**S3, "secret_key": ["s3cret"]}},
            "secret_key: Input should be a valid",
        ),
        (
            {"provider": "sftp", "configuration": {"host": "nas", "username": "me"}},
            "neither a password nor a priv",
        ),
    ],
)
def test_a_description_that_does_not_fit_is_told_by_its_fields_and_without_its_values(
    document: Any, told: str
):
    with pytest.raises(StorageConfigError, match=told) as caught:
        get_storage(document)

    assert "s3cret" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_keys_that_are_not_used_are_warned_of(tmp_path):
    with pytest.warns(UserWarning, match=r"has keys that are not used: locaton\. It has location\."):
        get_storage({"provider": "local", "configuration": {"location": str(tmp_path), "locaton": "x"}})


@pytest.mark.parametrize(
    ("model", "document"),
    [
        (config.S3StorageConfig, S3),
        (config.SFTPStorageConfig, SFTP),
        (config.SMBStorageConfig, SMB),
        (config.GCSStorageConfig, GCS),
    ],
)
def test_secrets_are_not_printed(model: type[BaseModel], document: dict[str, Any]):
    assert "s3cret" not in repr(model.model_validate(document))


@pytest.mark.parametrize(
    ("provider", "document", "url"),
    [
        ("s3", S3, "s3://cats/a/1.png"),
        ("gcs", GCS, "gs://cats/a/1.png"),
        ("sftp", SFTP, "sftp://nas:2222/files/a/1.png"),
        ("sftp", {**SFTP, "port": 22}, "sftp://nas/files/a/1.png"),
        ("smb", {**SMB, "root_path": "/in"}, "smb://nas/team/in/a/1.png"),
    ],
)
def test_an_address_holds_no_secret(provider: str, document: dict[str, Any], url: str):
    assert get_storage({"provider": provider, "configuration": document}).get_url("/a/1.png") == url


@pytest.mark.parametrize(
    ("provider", "document", "library"),
    [("s3", S3, "s3fs"), ("gcs", GCS, "gcsfs"), ("sftp", SFTP, "paramiko"), ("smb", SMB, "smbclient")],
)
def test_a_library_that_is_not_installed_is_told_with_the_command(
    provider: str, document: dict[str, Any], library: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    storage = get_storage({"provider": provider, "configuration": document})

    with pytest.raises(
        MissingExtraError, match=f"{library} is needed to reach a storage of the kind '{provider}'"
    ) as caught:
        storage.exists("a")

    assert f"[{provider}]" in str(caught.value.hint)


def test_only_what_is_surely_told_apart_by_its_case_is():
    assert conservative_case_sensitivity(registry.get_capabilities("s3"))
    assert not conservative_case_sensitivity(registry.get_capabilities("local"))
    assert not conservative_case_sensitivity(None)

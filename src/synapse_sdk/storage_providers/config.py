"""How storages are described: `{"provider": …, "configuration": {…}}`, as servers send it.

Source: interface sheet `platform.md` §5. Secrets are left out of what a model prints. Unlike there, the
certificate of a Synology NAS is checked unless that is turned off.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synapse_sdk.storage_providers.errors import StorageConfigError

#: Names that servers have for providers. `registry.PROVIDER_ALIASES` says which are the same.
ProviderType = Literal[
    "local", "file_system", "s3", "amazon_s3", "minio", "gcs", "gs", "gcp", "sftp", "smb", "http", "https",
    "synology",
]  # fmt: skip
M = TypeVar("M", bound=BaseModel)


class StorageConfig(BaseModel):
    """Which provider a storage has, and what its provider must know. A server's record has more in it."""

    model_config = ConfigDict(extra="ignore")

    provider: str = Field(min_length=1)
    configuration: dict[str, Any] = Field(default_factory=dict, repr=False)


class _Configuration(BaseModel):
    model_config = ConfigDict(extra="ignore")


class LocalStorageConfig(_Configuration):
    """A folder of this machine."""

    #: The whole path: a relative one would be another folder wherever a job happens to run.
    location: str = Field(min_length=1)


class S3StorageConfig(_Configuration):
    """A bucket of Amazon S3, or of what speaks like it."""

    bucket_name: str = Field(min_length=1)
    access_key: str
    secret_key: str = Field(repr=False)
    region_name: str = "us-east-1"
    endpoint_url: str | None = None


class GCSStorageConfig(_Configuration):
    """A bucket of Google Cloud Storage."""

    bucket_name: str = Field(min_length=1)
    #: Path of a service account's key file, or what is in it.
    credentials: str | dict[str, Any] = Field(repr=False)
    project: str | None = None


class SFTPStorageConfig(_Configuration):
    """A folder behind SSH."""

    host: str = Field(min_length=1)
    username: str
    password: str | None = Field(default=None, repr=False)
    #: Path of a key file.
    private_key: str | None = Field(default=None, repr=False)
    passphrase: str | None = Field(default=None, repr=False)
    port: int = Field(default=22, ge=1, le=65535)
    root_path: str = "/"


class SMBStorageConfig(_Configuration):
    """A share of a Windows network."""

    host: str = Field(min_length=1)
    share: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535)
    domain: str | None = None
    username: str | None = None
    password: str | None = Field(default=None, repr=False)
    root_path: str = "/"
    encrypt: bool = True
    #: Whom others may share an open file with: "r", "w", "d" for reading, writing, deleting.
    share_access: str = "r"
    #: Seconds.
    timeout: float = Field(default=60, gt=0)
    register_session_retries: int = Field(default=4, ge=0)
    auto_mkdir: bool = False
    auth_mode: Literal["service_account", "per_user"] = "service_account"


class HTTPStorageConfig(_Configuration):
    """Files below an address. They can be read only."""

    #: It may hold a password.
    base_url: str = Field(min_length=1, repr=False)
    #: Seconds.
    timeout: float = Field(default=30, gt=0)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)


class SynologyStorageConfig(_Configuration):
    """A Synology NAS. It can be described, and is not reached by this version."""

    url: str = Field(min_length=1)
    username: str
    password: str = Field(repr=False)
    otp_code: str | None = Field(default=None, repr=False)
    #: `/mydrive` or `/team-folder/<name>`.
    base_path: str | None = None
    verify_ssl: bool = True


#: The configuration of any provider.
ProviderConfig = (
    LocalStorageConfig
    | S3StorageConfig
    | GCSStorageConfig
    | SFTPStorageConfig
    | SMBStorageConfig
    | HTTPStorageConfig
    | SynologyStorageConfig
)


def parse_storage_config(document: Mapping[str, Any]) -> StorageConfig:
    """Read how a storage is described.

    Raises:
        StorageConfigError: It does not say which provider it has, or is no description.
    """
    return _parse(StorageConfig, document, "A storage's description")


def parse_configuration(model: type[M], provider: str, configuration: Mapping[str, Any]) -> M:
    """Read a provider's configuration. Keys that it does not have are warned of.

    Raises:
        StorageConfigError: It does not fit. The message has every field with its problem, and no value.
    """
    what = f"The configuration of a storage of the kind {provider!r}"
    parsed = _parse(model, configuration, what)
    if unknown := sorted(map(str, configuration.keys() - model.model_fields.keys())):
        known = ", ".join(model.model_fields)
        text = f"{what} has keys that are not used: {', '.join(unknown)}. It has {known}."
        warnings.warn(text, UserWarning, stacklevel=4)
    return parsed


def _parse(model: type[M], document: Mapping[str, Any], what: str) -> M:
    if not isinstance(document, Mapping):
        raise StorageConfigError(f"{what} is a mapping, not {type(document).__name__}.")
    try:
        return model.model_validate(dict(document))
    except ValidationError as error:
        problems = [
            {"field": ".".join(map(str, item["loc"])), "problem": item["msg"]}
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        told = "; ".join(f"{item['field']}: {item['problem']}" for item in problems)
    # Past the except: pydantic's error, which holds the values and thus secrets, is not its cause.
    raise StorageConfigError(
        f"{what} does not fit: {told}.",
        {"problems": problems},
        hint=f"It has {', '.join(model.model_fields)}.",
    )

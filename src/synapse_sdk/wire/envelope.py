"""The envelope: the frozen record of everything that decides what an attempt does."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from synapse_sdk.wire.base import Moment, WireModel


class PluginReference(WireModel):
    """Which code runs."""

    code: str
    version: str
    release_digest: str | None = Field(default=None, description="Digest of the release; None for a folder.")
    folder: str | None = Field(default=None, description="Working folder that the code was loaded from.")
    folder_digest: str | None = Field(default=None, description="Digest of that folder's manifest.")


class InputReference(WireModel):
    """A dataset version or model that the attempt was given, as it was then."""

    kind: str = Field(description='"dataset" or "model".')
    id: int
    version: int | None = Field(default=None, description="Number of a dataset's version.")
    digest: str


class EnvironmentReference(WireModel):
    """The interpreter and packages that the attempt ran in."""

    digest: str | None = Field(
        default=None, description="Digest of lock, interpreter, platform and SDK version."
    )
    interpreter: str
    platform: str
    sdk_version: str


class Resources(WireModel):
    """What the attempt asked for. None: it did not ask."""

    cpus: int | None = None
    gpus: int | None = None


class Envelope(WireModel):
    """Version 1, stored with each run since the first one ever."""

    job: str = Field(description="UUIDv7 of the job or local run.")
    attempt: int = 1
    workspace: str = Field(description='"local", or the server\'s workspace.')
    mode: str = Field(description="local, isolated, task, job or remote.")
    plugin: PluginReference
    action: str
    entrypoint: str
    params: dict[str, Any] = Field(description="As resolved: defaults filled in, secrets masked.")
    inputs: tuple[InputReference, ...] = ()
    environment: EnvironmentReference
    seed: int | None = Field(default=None, description="Handed to the action as `ctx.seed`.")
    resources: Resources = Resources()
    language: str = "en"
    created_at: Moment

"""A release that somebody wants to publish: everything that can be checked without looking anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pydantic

from synapse_sdk.manifest import ManifestFile
from synapse_sdk.packaging.release_digest import written_release_digest
from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.server.http import InvalidError
from synapse_sdk.server.registry.manifest import check_difference, check_files
from synapse_sdk.server.registry.models import Difference, NewRelease, Source, WrittenFiles


def build_new_release(
    *,
    code: str,
    version: str,
    files: Iterable[ManifestFile] | Difference,
    config: Mapping[str, Any],
    lock_digest: str | None,
    schemas: Mapping[str, Any] | None,
    is_draft: bool,
    source: Source,
    digest: str | None = None,
) -> NewRelease:
    """Check the parts of a release, and compute its digest.

    Args:
        code, version: Which plugin, which version; as the config says too.
        files: The manifest, whole or as it is different from that of a release of this workspace: its files
            were checked, and their contents are here.
        config: As its author wrote it.
        lock_digest: Of the lock's text.
        schemas: By action: JSON schemas of params and result.
        is_draft: For its author alone.
        source: Who made the upload.
        digest: What the client computed; not compared unless given.

    Raises:
        InvalidError: Something does not fit; names each problem with its place.
    """
    if isinstance(files, Difference):
        difference = files
        check_difference(difference)
        content = difference.apply()
    else:
        difference = None
        sent = list(files)
        check_files(sent)
        content = WrittenFiles.of(sorted(sent))
    parsed = _parse_config(config)
    _check_same("plugin", code, "code", parsed.code)
    _check_same("version", version, "version", parsed.version)
    try:
        computed = written_release_digest(content.written, config, lock_digest=lock_digest, schemas=schemas)
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"config or schemas hold what JSON can not: {error}.") from error
    if digest is not None and digest != computed:
        raise InvalidError(
            f"The digest of this release is {computed}, not {digest}.",
            {"digest": computed, "sent_digest": digest},
            hint="Client and server differ in what a digest is made of. Are their versions the same?",
        )
    return NewRelease(
        code=code,
        version=version,
        content=content,
        difference=difference,
        config=parsed,
        config_document=config,
        lock_digest=lock_digest,
        schemas=schemas,
        digest=computed,
        is_draft=is_draft,
        source=source,
    )


def find_warnings(new: NewRelease) -> tuple[str, ...]:
    """Say what the server's policy would rather have otherwise. Drafts are not asked."""
    if new.is_draft or new.config.readme in [file.path for file in new.files]:
        return ()
    return (f"{new.config.readme} is not there; the release has no documentation",)


def _parse_config(config: Mapping[str, Any]) -> PluginConfig:
    try:
        return PluginConfig.model_validate(dict(config))
    except pydantic.ValidationError as error:
        raise InvalidError.of_fields(
            [
                {
                    "loc": ["config", *item["loc"]],
                    "msg": item["msg"],
                    "type": item["type"],
                    "input": repr(item["input"])[:200],
                }
                for item in error.errors(include_url=False)
            ]
        ) from error


def _check_same(field: str, value: str, key: str, in_config: str) -> None:
    if value != in_config:
        raise InvalidError.of_fields(
            [
                {
                    "loc": [field],
                    "msg": f"it is {value[:100]!r}, and the config's `{key}` is {in_config!r}",
                    "type": "value_error",
                    "input": value[:200],
                }
            ]
        )

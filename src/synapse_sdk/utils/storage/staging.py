"""Copies of a storage's files on this machine. `synapse_sdk.storage_providers.staging`, by its older path."""

from synapse_sdk.storage_providers.staging import (
    STAGING_DIR_ENV_VAR,
    STREAM_CHUNK_SIZE,
    cleanup_staging,
    ensure_session_staging_dir,
    materialize,
    staging_root,
)

__all__ = [
    "STAGING_DIR_ENV_VAR",
    "STREAM_CHUNK_SIZE",
    "cleanup_staging",
    "ensure_session_staging_dir",
    "materialize",
    "staging_root",
]

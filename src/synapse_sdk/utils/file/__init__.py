"""Files: fetched, packed, read, checked. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.utils.file.archive import ArchiveFilter as ArchiveFilter
    from synapse_sdk.utils.file.archive import ProgressCallback as ProgressCallback
    from synapse_sdk.utils.file.archive import create_archive as create_archive
    from synapse_sdk.utils.file.archive import create_archive_from_git as create_archive_from_git
    from synapse_sdk.utils.file.archive import extract_archive as extract_archive
    from synapse_sdk.utils.file.archive import get_archive_size as get_archive_size
    from synapse_sdk.utils.file.archive import list_archive_contents as list_archive_contents
    from synapse_sdk.utils.file.checksum import HashAlgorithm as HashAlgorithm
    from synapse_sdk.utils.file.checksum import calculate_checksum as calculate_checksum
    from synapse_sdk.utils.file.checksum import calculate_checksum_from_bytes as calculate_checksum_from_bytes
    from synapse_sdk.utils.file.checksum import (
        calculate_checksum_from_file_object as calculate_checksum_from_file_object,
    )
    from synapse_sdk.utils.file.checksum import verify_checksum as verify_checksum
    from synapse_sdk.utils.file.content_guard import ContentFinding as ContentFinding
    from synapse_sdk.utils.file.content_guard import ContentRule as ContentRule
    from synapse_sdk.utils.file.content_guard import UnsafeFileContentError as UnsafeFileContentError
    from synapse_sdk.utils.file.content_guard import ensure_safe as ensure_safe
    from synapse_sdk.utils.file.content_guard import ensure_safe_bytes as ensure_safe_bytes
    from synapse_sdk.utils.file.content_guard import inspect_bytes as inspect_bytes
    from synapse_sdk.utils.file.content_guard import inspect_file as inspect_file
    from synapse_sdk.utils.file.download import adownload_file as adownload_file
    from synapse_sdk.utils.file.download import afiles_url_to_path as afiles_url_to_path
    from synapse_sdk.utils.file.download import afiles_url_to_path_from_objs as afiles_url_to_path_from_objs
    from synapse_sdk.utils.file.download import download_file as download_file
    from synapse_sdk.utils.file.download import files_url_to_path as files_url_to_path
    from synapse_sdk.utils.file.download import files_url_to_path_from_objs as files_url_to_path_from_objs
    from synapse_sdk.utils.file.io import DEFAULT_MAX_TEMP_FILES as DEFAULT_MAX_TEMP_FILES
    from synapse_sdk.utils.file.io import cleanup_stale_tmp_dirs as cleanup_stale_tmp_dirs
    from synapse_sdk.utils.file.io import decode_base64_data as decode_base64_data
    from synapse_sdk.utils.file.io import evict_temp_dirs as evict_temp_dirs
    from synapse_sdk.utils.file.io import evict_temp_files as evict_temp_files
    from synapse_sdk.utils.file.io import get_dict_from_file as get_dict_from_file
    from synapse_sdk.utils.file.io import get_temp_path as get_temp_path
    from synapse_sdk.utils.file.io import is_base64_data as is_base64_data
    from synapse_sdk.utils.file.io import protect_temp_file as protect_temp_file
    from synapse_sdk.utils.file.io import protect_temp_files as protect_temp_files
    from synapse_sdk.utils.file.io import unprotect_temp_file as unprotect_temp_file
    from synapse_sdk.utils.file.requirements import read_requirements as read_requirements
    from synapse_sdk.utils.file.upload import FileProcessingError as FileProcessingError
    from synapse_sdk.utils.file.upload import FilesDict as FilesDict
    from synapse_sdk.utils.file.upload import FileTuple as FileTuple
    from synapse_sdk.utils.file.upload import FileUploadError as FileUploadError
    from synapse_sdk.utils.file.upload import FileValidationError as FileValidationError
    from synapse_sdk.utils.file.upload import RequestsFile as RequestsFile
    from synapse_sdk.utils.file.upload import close_file_handles as close_file_handles
    from synapse_sdk.utils.file.upload import process_files_for_upload as process_files_for_upload

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "FileProcessingError": "upload",
        "FileTuple": "upload",
        "FileUploadError": "upload",
        "FileValidationError": "upload",
        "FilesDict": "upload",
        "RequestsFile": "upload",
        "close_file_handles": "upload",
        "process_files_for_upload": "upload",
        "ContentFinding": "content_guard",
        "ContentRule": "content_guard",
        "UnsafeFileContentError": "content_guard",
        "ensure_safe": "content_guard",
        "ensure_safe_bytes": "content_guard",
        "inspect_bytes": "content_guard",
        "inspect_file": "content_guard",
        "DEFAULT_MAX_TEMP_FILES": "io",
        "cleanup_stale_tmp_dirs": "io",
        "decode_base64_data": "io",
        "evict_temp_dirs": "io",
        "evict_temp_files": "io",
        "get_dict_from_file": "io",
        "get_temp_path": "io",
        "is_base64_data": "io",
        "protect_temp_file": "io",
        "protect_temp_files": "io",
        "unprotect_temp_file": "io",
        "adownload_file": "download",
        "afiles_url_to_path": "download",
        "afiles_url_to_path_from_objs": "download",
        "download_file": "download",
        "files_url_to_path": "download",
        "files_url_to_path_from_objs": "download",
        "ArchiveFilter": "archive",
        "ProgressCallback": "archive",
        "create_archive": "archive",
        "create_archive_from_git": "archive",
        "extract_archive": "archive",
        "get_archive_size": "archive",
        "list_archive_contents": "archive",
        "HashAlgorithm": "checksum",
        "calculate_checksum": "checksum",
        "calculate_checksum_from_bytes": "checksum",
        "calculate_checksum_from_file_object": "checksum",
        "read_requirements": "requirements",
        "verify_checksum": "checksum",
    },
)

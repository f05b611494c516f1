"""A plugin as an archive, or as a wheel, into a storage. A lazy door: `utils.plugin_upload` does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.utils.plugin_upload import ArchivedPlugin as ArchivedPlugin
    from synapse_sdk.utils.plugin_upload import BuildConfig as BuildConfig
    from synapse_sdk.utils.plugin_upload import PackageManager as PackageManager
    from synapse_sdk.utils.plugin_upload import UploadProgressCallback as UploadProgressCallback
    from synapse_sdk.utils.plugin_upload import UploadResult as UploadResult
    from synapse_sdk.utils.plugin_upload import UploadStage as UploadStage
    from synapse_sdk.utils.plugin_upload import archive_and_upload as archive_and_upload
    from synapse_sdk.utils.plugin_upload import archive_plugin as archive_plugin
    from synapse_sdk.utils.plugin_upload import build_and_upload as build_and_upload
    from synapse_sdk.utils.plugin_upload import download_and_upload as download_and_upload
    from synapse_sdk.utils.plugin_upload import modify_wheel_build_tag as modify_wheel_build_tag

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "ArchivedPlugin": "..utils.plugin_upload",
        "BuildConfig": "..utils.plugin_upload",
        "PackageManager": "..utils.plugin_upload",
        "UploadProgressCallback": "..utils.plugin_upload",
        "UploadResult": "..utils.plugin_upload",
        "UploadStage": "..utils.plugin_upload",
        "archive_and_upload": "..utils.plugin_upload",
        "archive_plugin": "..utils.plugin_upload",
        "build_and_upload": "..utils.plugin_upload",
        "download_and_upload": "..utils.plugin_upload",
        "modify_wheel_build_tag": "..utils.plugin_upload",
    },
)

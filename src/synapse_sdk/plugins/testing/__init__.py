"""What tests of plugins need: a sink that remembers, a context, a client without a server. A lazy door.

With pytest the fixtures `executor`, `runtime_context` and `fake_backend` are there once the SDK is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.testing.fake_backend import Asked as Asked
    from synapse_sdk.plugins.testing.fake_backend import FakeBackend as FakeBackend
    from synapse_sdk.plugins.testing.recording import RecordingContext as RecordingContext
    from synapse_sdk.plugins.testing.recording import RecordingSink as RecordingSink
    from synapse_sdk.plugins.testing.sample_actions import ConvertAction as ConvertAction
    from synapse_sdk.plugins.testing.sample_actions import DownloadAction as DownloadAction
    from synapse_sdk.plugins.testing.sample_actions import Step1Params as Step1Params
    from synapse_sdk.plugins.testing.sample_actions import Step1Result as Step1Result
    from synapse_sdk.plugins.testing.sample_actions import Step2Params as Step2Params
    from synapse_sdk.plugins.testing.sample_actions import Step2Result as Step2Result
    from synapse_sdk.plugins.testing.sample_actions import Step3Params as Step3Params
    from synapse_sdk.plugins.testing.sample_actions import Step3Result as Step3Result
    from synapse_sdk.plugins.testing.sample_actions import TrainAction as TrainAction

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "Asked": "fake_backend",
        "FakeBackend": "fake_backend",
        "RecordingContext": "recording",
        "RecordingSink": "recording",
        "ConvertAction": "sample_actions",
        "DownloadAction": "sample_actions",
        "Step1Params": "sample_actions",
        "Step1Result": "sample_actions",
        "Step2Params": "sample_actions",
        "Step2Result": "sample_actions",
        "Step3Params": "sample_actions",
        "Step3Result": "sample_actions",
        "TrainAction": "sample_actions",
    },
)

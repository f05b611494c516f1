"""What can go wrong with a plugin.

```text
PluginError
├── ValidationError          the input does not fit the model
│   └── ConfigError          config.yaml does not fit its model
├── ActionNotFoundError      config.yaml has no such action, or its entrypoint names nothing
├── ExecutionError           the action ran and failed
│   ├── ParamsError          … because its params do not fit (also a ValidationError)
│   ├── MissingClientError   … because it asked for the server, and the run has no client
│   ├── DeploymentError      an application could not be deployed (also a RuntimeError)
│   │   └── RayNotInstalledError  … because it needs Ray (also an ImportError)
│   └── PipelineError        an action of a pipeline failed (also a RuntimeError)
│       └── PipelineParamsError  … because its params do not fit (also a ParamsError)
├── SchemaIncompatibleError  what an action of a pipeline gives does not fit what the next takes
├── StepError                a step of a workflow ended badly (also a RuntimeError)
├── ModelLoadError           a model's files could not be had
├── PluginRunError           the action could not be started
│   ├── ConfigNotFoundError  there is no config.yaml
│   └── PluginNotFoundError  no folder holds a plugin of that code
├── PluginUploadError        the release did not reach the server
│   └── UploadNotReachedError  … because that is away or fails (also a NotReachableError)
├── ArchiveError             the archive could not be written or read
├── BuildError               a wheel can not be used
├── GitHubArchiveError       a release could not be kept on, or had from, GitHub
└── ChecksumMismatchError    the bytes are not the promised bytes
```

Source: plugin guide, "Error Class Hierarchy"; the classes that it does not name are ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from synapse_sdk._internal.closest import find_closest
from synapse_sdk._internal.errors import NotReachableError, SynapseError


class PluginError(SynapseError):
    """Anything that can go wrong with a plugin."""


class ValidationError(PluginError):
    """The input does not fit the model."""


class ConfigError(ValidationError):
    """config.yaml does not fit its model; `details["problems"]` lists every problem with its place."""


class ActionNotFoundError(PluginError):
    """The plugin has no action of that name, or its entrypoint names nothing."""

    @classmethod
    def among(cls, wanted: str, known: Iterable[str]) -> ActionNotFoundError:
        """Build the error for a name that is not one of `known`."""
        available = sorted(known)
        close = find_closest(wanted, available)
        return cls(
            f"Action not found: {wanted}. This plugin has {', '.join(available) or 'none'}.",
            {"action": wanted, "available": available},
            hint=f"Did you mean {close!r}?" if close else "Add it under `actions:` in config.yaml.",
        )


class ExecutionError(PluginError):
    """The action ran and failed."""


class ParamsError(ExecutionError, ValidationError):
    """The params do not fit the action's model. Caught as either of its parents, as both dialects expect."""


class MissingClientError(ExecutionError):
    """The action asked for the server, and its run has no client."""

    @classmethod
    def at(cls, name: str, call: str) -> MissingClientError:
        """Build the error for a class of this name and its call, such as "get_project()"."""
        return cls(
            f"Backend client is None: {name} asked for the server with {call}, and this run has none.",
            {"action": name, "call": call},
            hint="Log in with `synapse login`, run it there with --mode remote, or try its logic with "
            "--rehearse; in tests, `self.client` can be a fake of yours: LocalExecutor(client=…).",
        )


class PipelineError(ExecutionError, RuntimeError):
    """An action of a pipeline failed; `details` names it and its place, its own exception is the cause."""


class PipelineParamsError(PipelineError, ParamsError):
    """An action of a pipeline was not run, because what it would have got does not fit its params."""


class SchemaIncompatibleError(PluginError):
    """What an action of a pipeline gives is not what the next takes; `details["findings"]` has it all."""


class StepError(PluginError, RuntimeError):
    """A step of a workflow ended badly; `details` names it, the step's own exception is the cause."""


class DeploymentError(ExecutionError, RuntimeError):
    """An application could not be deployed."""


class RayNotInstalledError(DeploymentError, ImportError):
    """What was asked for runs on Ray, and this does not."""


class ModelLoadError(PluginError):
    """A model's files could not be had."""


class PluginRunError(PluginError):
    """The action could not be started."""


class PluginNotFoundError(PluginRunError):
    """No folder where we looked holds a plugin of that code."""


class ConfigNotFoundError(PluginRunError):
    """There is no config.yaml where we looked."""

    @classmethod
    def at(cls, looked: Iterable[Path]) -> ConfigNotFoundError:
        """Build the error for a search that found nothing in the `looked` places."""
        places = [str(place) for place in looked]
        return cls(
            f"Config file not found: there is no {' or '.join(places)}.",
            {"looked": places},
            hint="Make a plugin with `synapse plugin create`, or say where yours is with --path "
            "(publish: --config).",
        )

    @classmethod
    def instead_of_file(cls, place: Path) -> ConfigNotFoundError:
        """Build the error for a `place` that has the name of a config, and is no file."""
        if place.is_symlink():
            what = f"a link to {place.readlink()}, where there is no file"
        else:
            what = "a folder" if place.is_dir() else "neither a file nor a folder"
        return cls(
            f"Config file not found: {place} is {what}.",
            {"looked": [str(place)]},
            hint="Put a file in its place, or say with --path where your plugin is.",
        )


class PluginUploadError(PluginError):
    """The release did not reach the server."""


class UploadNotReachedError(PluginUploadError, NotReachableError):
    """The server that a release was for is away, or fails. Publishing again goes on where this one ended."""


class ArchiveError(PluginError):
    """The archive could not be written or read."""


class BuildError(PluginError):
    """A wheel can not be used."""


class GitHubArchiveError(PluginError):
    """A release could not be kept on, or had from, GitHub. For plugins from elsewhere that raise it."""


class ChecksumMismatchError(PluginError):
    """The bytes are not the promised bytes."""

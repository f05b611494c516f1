"""The error tree, and what an error keeps when it crosses a process border."""

from __future__ import annotations

import copy
import pickle

import pytest

from synapse_sdk._internal.errors import MissingExtraError, NotReachableError, SynapseError
from synapse_sdk.plugins import errors
from synapse_sdk.plugins.importing import ModuleNameTakenError
from synapse_sdk.plugins.manifest import ManifestError, ResolveError
from synapse_sdk.plugins.run_plan import ModuleImportError
from synapse_sdk.plugins.run_record import RunRecordError

PARENTS = {
    "ValidationError": ["PluginError"],
    "ConfigError": ["ValidationError"],
    "ActionNotFoundError": ["PluginError"],
    "ExecutionError": ["PluginError"],
    "ParamsError": ["ExecutionError", "ValidationError"],
    "MissingClientError": ["ExecutionError"],
    "DeploymentError": ["ExecutionError", "RuntimeError"],
    "RayNotInstalledError": ["DeploymentError", "ImportError"],
    "PipelineError": ["ExecutionError", "RuntimeError"],
    "PipelineParamsError": ["PipelineError", "ParamsError"],
    "SchemaIncompatibleError": ["PluginError"],
    "StepError": ["PluginError", "RuntimeError"],
    "ModelLoadError": ["PluginError"],
    "PluginRunError": ["PluginError"],
    "ConfigNotFoundError": ["PluginRunError"],
    "PluginNotFoundError": ["PluginRunError"],
    "PluginUploadError": ["PluginError"],
    "UploadNotReachedError": ["PluginUploadError", "NotReachableError"],
    "ArchiveError": ["PluginError"],
    "BuildError": ["PluginError"],
    "GitHubArchiveError": ["PluginError"],
    "ChecksumMismatchError": ["PluginError"],
}
CLASSES = [getattr(errors, name) for name in ["PluginError", *PARENTS]] + [
    SynapseError,
    NotReachableError,
    MissingExtraError,
    ManifestError,
    ModuleImportError,
    ModuleNameTakenError,
    ResolveError,
    RunRecordError,
]


@pytest.mark.parametrize(("name", "parents"), PARENTS.items())
def test_the_tree(name: str, parents: list[str]):
    assert [base.__name__ for base in getattr(errors, name).__bases__] == parents
    assert issubclass(getattr(errors, name), errors.PluginError)


def test_the_tree_has_no_other_classes_and_its_picture_shows_them_all():
    found = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and value.__module__ == errors.__name__
    }

    assert found == {"PluginError", *PARENTS}
    assert all(name in (errors.__doc__ or "") for name in found)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_has_one_shape(kind: type[SynapseError]):
    given = {"job": "j1"}

    error = kind("It went wrong.", given, hint="Try again.")

    assert (str(error), error.message, error.details, error.hint) == (
        "It went wrong.", "It went wrong.", {"job": "j1"}, "Try again.",
    )  # fmt: skip
    assert repr(error) == f"{kind.__name__}(message='It went wrong.', details={{'job': 'j1'}})"
    given["job"] = "j2"
    assert error.details == {"job": "j1"}
    assert (kind("x").details, kind("x").hint) == ({}, None)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("carry", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])
def test_an_error_keeps_everything_on_its_way(kind: type[SynapseError], carry):
    error = kind("It went wrong.", {"job": ["j1"]}, hint="Try again.")

    again = carry(error)

    assert type(again) is kind
    assert (again.message, again.details, again.hint, str(again)) == (
        error.message, error.details, error.hint, "It went wrong.",
    )  # fmt: skip


class ParametrizedError(errors.ExecutionError):
    """An author's own, with a constructor of its own."""

    def __init__(self, code: int) -> None:
        super().__init__(f"code {code}", {"code": code})


def test_an_authors_error_with_its_own_constructor_travels_too():
    again = pickle.loads(pickle.dumps(ParametrizedError(5)))

    assert (type(again), again.message, again.details) == (ParametrizedError, "code 5", {"code": 5})


ADD_IT = "Add it under `actions:` in config.yaml."


@pytest.mark.parametrize(
    ("wanted", "known", "message", "hint"),
    [
        (
            "trian",
            ["train", "infer"],
            "Action not found: trian. This plugin has infer, train.",
            "Did you mean 'train'?",
        ),
        ("zzz", ["train"], "Action not found: zzz. This plugin has train.", ADD_IT),
        ("train", [], "Action not found: train. This plugin has none.", ADD_IT),
    ],
)
def test_an_unknown_action_names_the_known_ones(wanted: str, known: list[str], message: str, hint: str):
    error = errors.ActionNotFoundError.among(wanted, known)

    assert (error.message, error.hint) == (message, hint)
    assert error.details == {"action": wanted, "available": sorted(known)}

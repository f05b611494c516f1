"""plugin.yaml: what it lists, what is wrong with it, and which releases that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from synapse_sdk.plugins.manifest import (
    ManifestError,
    PluginEntry,
    PluginManifest,
    ResolvedPlugin,
    ResolveError,
    load_manifest,
    resolve_entry,
    resolve_manifest,
)

MANIFEST = """\
plugins:
  yolov8: ">=1.0,<2"
  depth: {version: "==0.3.*", variant: gpu}
container_config:
  container:
    enabled: true
    dockerfile: Dockerfile
    exposed_port: 8080
    healthcheck: {interval: 10}
  code_server: {enabled: true, dockerfile: editor/Dockerfile}
"""


class Releases:
    """GitHub, as far as it is asked: tags by repository."""

    def __init__(self, **tags: list[str]) -> None:
        self.tags = tags

    def list_releases(self, owner: str, repo: str) -> Iterable[Mapping[str, Any]]:
        assert owner == "us"
        return [{"tag_name": tag} for tag in self.tags.get(repo, [])]


def test_a_manifest_is_read(tmp_path: Path):
    (tmp_path / "plugin.yaml").write_text(MANIFEST)

    manifest = load_manifest(tmp_path)

    assert manifest.plugins == [PluginEntry("yolov8", ">=1.0,<2"), PluginEntry("depth", "==0.3.*", "gpu")]
    assert manifest.plugin_codes == ["yolov8", "depth"]
    assert manifest.container_config is not None
    container = manifest.container_config.container
    assert (container.exposed_port, container.healthcheck.interval, container.healthcheck.path) == (
        8080, 10, "/healthz"
    )  # fmt: skip
    assert load_manifest(tmp_path / "plugin.yaml") == manifest


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("plugins: {}\n", "plugins: a mapping from codes to versions is needed"),
        ("plugins: [a]\n", "plugins: a mapping"),
        ("plugins: {a: 1.10}\n", "plugins.a: the version 1.1 is a number; write it in quotes"),
        ("plugins: {a: latest}\n", "plugins.a: 'latest' is no range of versions"),
        ("plugins: {a: {variant: gpu}}\n", "plugins.a: None is no range of versions"),
        ("plugins: {a: {version: '', variants: gpu}}\n", "plugins.a: there is no key variants"),
        ("plugins: {a: {version: '', variant: 1}}\n", "plugins.a: 1 is no name of a variant"),
        ("plugins: {a: ''}\nplugin: 1\n", "plugin: there is no such key"),
        ("plugins: {a: ''}\ncontainer_config: {container: {enabled: true}}\n",
         "container_config.container: dockerfile is needed where enabled is true"),
        ("plugins: {a: ''}\ncontainer_config: {code_server: {exposed_port: 99999}}\n",
         "container_config.code_server.exposed_port: "),
        ("plugins: {a: ''}\ncontainer_config: {container: {dockerfile: ./D}, code_server: {dockerfile: D}}\n",
         "container_config: container and code_server have the same dockerfile, ./D"),
        ("plugins: [\n", "can not be read"),
        ("", "it must be a mapping that begins with `plugins:`"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_key(tmp_path: Path, text: str, problem: str):
    (tmp_path / "plugin.yaml").write_text(text)

    with pytest.raises(ManifestError) as caught:
        load_manifest(tmp_path)

    assert problem in caught.value.message


def test_all_problems_are_told_at_once(tmp_path: Path):
    (tmp_path / "plugin.yaml").write_text("plugins: {a: 1, b: x}\nmore: 1\n")

    with pytest.raises(ManifestError) as caught:
        load_manifest(tmp_path)

    assert [problem.partition(":")[0] for problem in caught.value.details["problems"]] == [
        "plugins.a", "plugins.b", "more"
    ]  # fmt: skip


def test_a_manifest_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(ManifestError, match=r"There is no manifest .*plugin\.yaml"):
        load_manifest(tmp_path)


@pytest.mark.parametrize(
    ("entry", "identifier"),
    [
        (PluginEntry("a", ">=1.0,<2"), "a@1.10.0"),
        (PluginEntry("a", ""), "a@2.0.0"),
        (PluginEntry("a", ">=1.0", "gpu"), "a@1.9.0+gpu"),
    ],
)
def test_the_newest_release_in_the_range_is_chosen(entry: PluginEntry, identifier: str):
    releases = Releases(a=["1.9.0", "1.9.0+gpu", "nightly", "1.10.0", "9.0.0+cpu", "2.0.0", "2.1.0rc1"])

    assert resolve_entry(entry, releases, "us").identifier == identifier


def test_a_release_says_what_it_is_tagged_with():
    assert ResolvedPlugin("a", "1.0", "gpu").tag == "1.0+gpu"
    assert ResolvedPlugin("a", "1.0").tag == "1.0"


def test_plugins_of_which_there_is_no_release_are_named_with_what_there_is():
    manifest = PluginManifest([PluginEntry("a", ">=2"), PluginEntry("b", ">=1"), PluginEntry("c", "", "gpu")])
    releases = Releases(a=["1.0"], b=["1.0"], c=["1.0"])

    with pytest.raises(
        ResolveError, match=r"us/a is a >=2; there are 1\.0\.\n.*us/c is c of any version, variant gpu"
    ):
        resolve_manifest(manifest, releases, "us")
    with pytest.raises(ResolveError, match="No release of us/d is d >=1; there are none"):
        resolve_manifest(PluginManifest([PluginEntry("d", ">=1")]), releases, "us")
    assert resolve_manifest(PluginManifest([PluginEntry("b", ">=1")]), releases, "us") == [
        ResolvedPlugin("b", "1.0")
    ]

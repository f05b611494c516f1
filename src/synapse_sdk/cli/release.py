"""`synapse release …`: what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from synapse_sdk._internal.units import format_size
from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.server_access import with_server

if TYPE_CHECKING:
    from synapse_sdk.clients.transport import Transport

release = LazyGroup(
    "release",
    help="Look at and compare published releases.",
    entries={
        "list": Entry("synapse_sdk.cli.release:list_releases", "List the releases of a plugin."),
        "show": Entry("synapse_sdk.cli.release:show", "Show a release and its files."),
        "diff": Entry("synapse_sdk.cli.release:diff", "Say which files two releases differ in."),
    },
)


@click.command("list")
@click.argument("plugin", required=False)
@with_output
@with_server
def list_releases(output: Output, transport: Transport, plugin: str | None) -> None:
    """List the releases of PLUGIN (its code), or of all plugins; newest first."""
    from synapse_sdk.clients.jobs import iter_results

    found = list(iter_results(transport, "plugin_releases/", params={"plugin": plugin} if plugin else None))
    if output.as_json:
        output.document({"releases": found})
        return
    output.table(
        ["release", "plugin", "version", "files", "size", "created", "digest"],
        [
            (
                item["id"],
                _plugin_code(item),
                item["version"] + (" (draft)" if item.get("is_draft") else ""),
                item["file_count"],
                format_size(item["size_bytes"]),
                item["created_at"][:19],
                item["digest"][:19] + "…",
            )
            for item in found
        ],
    )


@click.command("show")
@click.argument("lookup", metavar="RELEASE")
@with_output
@with_server
def show(output: Output, transport: Transport, lookup: str) -> None:
    """Show RELEASE, as code@version or by its number, with its files."""
    document, files = _fetch(transport, lookup)
    if output.as_json:
        output.document({**document, "files": files})
        return
    output.fields(
        {
            "release": document["id"],
            "plugin": f"{_plugin_code(document)} {document['version']}",
            "digest": document["digest"],
            "created": document["created_at"],
            "lock": document.get("lock_digest") or "none",
            "size": f"{format_size(document['size_bytes'])} in {document['file_count']} files",
        }
    )
    output.text()
    output.table(
        ["file", "size", "mode"], [(f["path"], format_size(f["size_bytes"]), f["mode"]) for f in files]
    )


@click.command("diff")
@click.argument("old", metavar="RELEASE")
@click.argument("new", metavar="OTHER")
@with_output
@with_server
def diff(output: Output, transport: Transport, old: str, new: str) -> None:
    """Say which files RELEASE and OTHER differ in."""
    documents = [_fetch(transport, lookup) for lookup in (old, new)]
    before, after = ({file["path"]: file for file in files} for _, files in documents)
    changes = [
        {"path": path, "change": change}
        for path in sorted(before.keys() | after.keys())
        if (change := _compare(before.get(path), after.get(path)))
    ]
    facts: dict[str, Any] = {"changes": changes}
    for name in ("lock_digest", "config"):
        facts[f"{name}_changed"] = documents[0][0].get(name) != documents[1][0].get(name)
    if output.as_json:
        output.document(facts)
        return
    for item in changes:
        output.text(f"{item['change']:<8} {item['path']}")
    if facts["lock_digest_changed"]:
        output.text("changed  (the lock: other versions of packages will be installed)")
    if not changes and not facts["lock_digest_changed"]:
        output.say("They hold the same files and the same lock.")


def _fetch(transport: Transport, lookup: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from synapse_sdk.clients.jobs import iter_results

    path = f"plugin_releases/{quote(lookup, safe='@')}/"
    document: dict[str, Any] = transport.get(path)
    return document, list(
        iter_results(transport, f"plugin_releases/{document['id']}/files/", params={"limit": 1000})
    )


def _compare(old: dict[str, Any] | None, new: dict[str, Any] | None) -> str | None:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    if old["digest"] != new["digest"]:
        return "changed"
    return "mode" if old["mode"] != new["mode"] else None


def _plugin_code(document: dict[str, Any]) -> str:
    plugin = document["plugin"]
    return str(plugin["code"]) if isinstance(plugin, dict) else str(plugin)

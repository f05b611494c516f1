"""`synapse dataset`: register folders as datasets and look at them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synapse_sdk._internal.units import format_moment, format_size
from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.transfer_line import transfer_line
from synapse_sdk.cli.workspace_option import with_workspace

if TYPE_CHECKING:
    from synapse_sdk.clients.datasets import RemoteRegistration, RemoteVersion
    from synapse_sdk.clients.transport import Transport
    from synapse_sdk.workspace.datasets import DatasetStore, Registration
    from synapse_sdk.workspace.records import DatasetSplit, DatasetVersion

dataset = LazyGroup(
    "dataset",
    help="Register and look at datasets. On this machine they stay in their folders; a server keeps copies.",
    entries={
        "register": Entry("synapse_sdk.cli.dataset:register", "Remember a folder, or what is new in it."),
        "list": Entry(
            "synapse_sdk.cli.dataset:list_datasets", "List the datasets of this machine or server."
        ),
        "show": Entry("synapse_sdk.cli.dataset:show", "Show a dataset, and whether its files are unchanged."),
    },
)


@click.command("register")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the dataset; the folder's own unless given.")
@with_output
@with_workspace
def register(output: Output, transport: Transport | None, folder: Path, name: str | None) -> None:
    """Remember what FOLDER holds as a dataset, or as the next version of one.

    The files stay where they are and are only read; a server gets those that it lacks. Hidden files and
    __pycache__ do not count. Subfolders called train, validation (val, valid, dev) and test become splits.
    """
    if transport is not None:
        _register_remotely(output, transport, folder, name)
        return
    with transfer_line(output, "reading") as on_progress:
        registration = _open_datasets().register(folder, name=name, on_progress=on_progress)
    if output.as_json:
        output.document(
            {
                "outcome": registration.outcome,
                "version": registration.version.model_dump(mode="json"),
                "left_out": registration.left_out,
            }
        )
    else:
        _print_version(output, registration.version)
    _tell_registration(output, registration)


@click.command("list")
@with_output
@with_workspace
def list_datasets(output: Output, transport: Transport | None) -> None:
    """List the datasets of this machine or of the server, each with its latest version."""
    if transport is not None:
        _list_remotely(output, transport)
        return
    datasets = _open_datasets().list_datasets()
    if output.as_json:
        output.document({"datasets": [item.model_dump(mode="json") for item in datasets]})
        return
    if not datasets:
        output.say("There are no datasets yet. Register one with: synapse dataset register FOLDER")
        return
    rows = []
    for item in datasets:
        latest = item.latest
        gone = "" if Path(latest.root).is_dir() else "  (gone)"
        size = format_size(latest.size_bytes)
        rows.append((item.id, item.name, latest.number, latest.item_count, size, latest.root + gone))
    output.table(("id", "name", "version", "files", "size", "folder"), rows)


@click.command("show")
@click.argument("wanted", metavar="ID|NAME")
@with_output
@with_workspace
def show(output: Output, transport: Transport | None, wanted: str) -> None:
    """Show a dataset by its id or name, its versions, and whether its files are what was registered."""
    if transport is not None:
        _show_remotely(output, transport, wanted)
        return
    from synapse_sdk.workspace.errors import DatasetChangedError

    datasets = _open_datasets()
    found = datasets.get(wanted)
    problem = None
    try:
        with transfer_line(output, "reading") as on_progress:
            datasets.verify(found.latest, on_progress=on_progress)
        state = "as registered"
    except DatasetChangedError as error:
        problem = error
        state = "changed" if Path(found.latest.root).is_dir() else "gone"
    if output.as_json:
        document = {"dataset": found.model_dump(mode="json"), "state": state}
        output.document(document if problem is None else document | {"problem": problem.details})
    else:
        _print_version(output, found.latest, state=state)
        _print_versions(output, found.versions)
    if problem is not None:
        output.warn(problem.message, hint=problem.hint)


def _open_datasets() -> DatasetStore:
    from synapse_sdk.settings import load_settings
    from synapse_sdk.workspace.local import LocalWorkspace

    return LocalWorkspace(load_settings().local_workspace_dir).datasets


def _register_remotely(output: Output, transport: Transport, folder: Path, name: str | None) -> None:
    from synapse_sdk.clients.datasets import register_dataset

    with (
        transfer_line(output, "reading") as on_read,
        transfer_line(output, "sending") as on_sent,
    ):
        registration = register_dataset(transport, folder, name=name, on_read=on_read, on_sent=on_sent)
    if output.as_json:
        output.document(
            {
                "outcome": registration.outcome,
                "version": registration.version.model_dump(mode="json"),
                "left_out": registration.left_out,
                "sent_bytes": registration.sent_bytes,
            }
        )
    else:
        _print_version(output, registration.version, server=transport.url)
    _tell_remote_registration(output, registration)


def _list_remotely(output: Output, transport: Transport) -> None:
    from synapse_sdk.clients.datasets import iter_datasets

    datasets = list(iter_datasets(transport))
    if output.as_json:
        output.document({"datasets": [item.model_dump(mode="json") for item in datasets]})
        return
    if not datasets:
        output.say(f"There are no datasets on {transport.url} yet.")
        output.say("Register one with: synapse dataset register FOLDER")
        return
    rows = [
        (
            item.id,
            item.name,
            item.latest.number,
            item.latest.item_count,
            format_size(item.latest.size_bytes),
            format_moment(item.latest.created_at),
        )
        for item in datasets
    ]
    output.table(("id", "name", "version", "files", "size", "registered"), rows)


def _show_remotely(output: Output, transport: Transport, wanted: str) -> None:
    from synapse_sdk.clients.datasets import get_dataset, list_versions

    found = get_dataset(transport, wanted)
    versions = list_versions(transport, found.id)
    if output.as_json:
        described = [version.model_dump(mode="json") for version in versions]
        output.document({"dataset": found.model_dump(mode="json"), "versions": described})
        return
    _print_version(output, found.latest, server=transport.url)
    _print_versions(output, versions)


def _print_version(
    output: Output,
    version: DatasetVersion | RemoteVersion,
    *,
    state: str | None = None,
    server: str | None = None,
) -> None:
    place = {"server": server} if server is not None else {"folder": getattr(version, "root", None)}
    fields = {
        "dataset": f"{version.dataset_id} ({version.dataset_name})",
        "version": version.number,
        "files": f"{version.item_count:,} ({format_size(version.size_bytes)})",
        "splits": " · ".join(map(_split, version.splits)) or "none",
        **place,
        "digest": version.digest,
        "registered": format_moment(version.created_at),
    }
    output.fields(fields if state is None else fields | {"state": state})


def _print_versions(output: Output, versions: Sequence[DatasetVersion | RemoteVersion]) -> None:
    if len(versions) <= 1:
        return
    output.text()
    output.table(
        ("version", "files", "size", "registered", "digest"),
        [
            (
                item.number,
                item.item_count,
                format_size(item.size_bytes),
                format_moment(item.created_at),
                item.digest[:19],
            )
            for item in versions
        ],
    )


def _split(split: DatasetSplit) -> str:
    folder = "" if split.folder == split.name else f" ({split.folder}/)"
    return f"{split.name}{folder} {split.item_count:,}"


def _tell_registration(output: Output, registration: Registration) -> None:
    version, left_out = registration.version, registration.left_out
    where = f"dataset {version.dataset_id} ({version.dataset_name}), version {version.number}"
    told = {
        "created": f"Registered as {where}.",
        "unchanged": f"Nothing new: this is {where}.",
        "moved": f"The same files as {where}, which is found here from now on.",
    }
    output.say()
    output.say(told[registration.outcome])
    tell_left_out(output, left_out)
    output.say(f"Use it with: synapse plugin run train --params '{{\"dataset\": {version.dataset_id}}}'")


def _tell_remote_registration(output: Output, registration: RemoteRegistration) -> None:
    version = registration.version
    where = f"dataset {version.dataset_id} ({version.dataset_name}), version {version.number}"
    output.say()
    if registration.outcome == "unchanged":
        output.say(f"Nothing new: this is {where}.")
    else:
        output.say(f"Registered as {where}; {format_size(registration.sent_bytes)} were sent.")
    tell_left_out(output, registration.left_out)
    params = f"'{{\"dataset\": {version.dataset_id}}}'"
    output.say(f"Use it with: synapse plugin run train --mode remote --params {params}")


def tell_left_out(output: Output, left_out: Sequence[str]) -> None:
    if left_out:
        names = ", ".join(left_out[:3]) + (", …" if len(left_out) > 3 else "")
        output.say(f"Left out, as hidden or cached: {len(left_out):,} ({names}).")

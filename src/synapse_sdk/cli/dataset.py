"""`synapse dataset`: register folders as datasets and look at them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synapse_sdk._internal.terminal import is_terminal
from synapse_sdk._internal.units import format_moment, format_size
from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output, with_output

if TYPE_CHECKING:
    from synapse_sdk.workspace.datasets import DatasetStore, Registration
    from synapse_sdk.workspace.manifest import OnProgress
    from synapse_sdk.workspace.records import DatasetSplit, DatasetVersion

dataset = LazyGroup(
    "dataset",
    help="Register and look at datasets. A dataset stays in its folder; Synapse remembers what it holds.",
    entries={
        "register": Entry("synapse_sdk.cli.dataset:register", "Remember a folder, or what is new in it."),
        "list": Entry("synapse_sdk.cli.dataset:list_datasets", "List the datasets of this machine."),
        "show": Entry("synapse_sdk.cli.dataset:show", "Show a dataset, and whether its files are unchanged."),
    },
)

#: Seconds between two states of the live line, and before a line says that reading takes a while.
_REDRAW_S = 0.1
_WHILE_S = 2.0


@click.command("register")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the dataset; the folder's own unless given.")
@with_output
def register(output: Output, folder: Path, name: str | None) -> None:
    """Remember what FOLDER holds as a dataset, or as the next version of one.

    The files stay where they are and are only read. Hidden files and __pycache__ do not count. Subfolders
    called train, validation (val, valid, dev) and test become splits.
    """
    with _reading(output) as on_progress:
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
def list_datasets(output: Output) -> None:
    """List the datasets of this machine, each with its latest version."""
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
def show(output: Output, wanted: str) -> None:
    """Show a dataset by its id or name, its versions, and whether its files are what was registered."""
    from synapse_sdk.workspace.errors import DatasetChangedError

    datasets = _open_datasets()
    found = datasets.get(wanted)
    problem = None
    try:
        with _reading(output) as on_progress:
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
        if len(found.versions) > 1:
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
                    for item in found.versions
                ],
            )
    if problem is not None:
        output.warn(problem.message, hint=problem.hint)


def _open_datasets() -> DatasetStore:
    from synapse_sdk.settings import load_settings
    from synapse_sdk.workspace.local import LocalWorkspace

    return LocalWorkspace(load_settings().local_workspace_dir).datasets


def _print_version(output: Output, version: DatasetVersion, *, state: str | None = None) -> None:
    fields = {
        "dataset": f"{version.dataset_id} ({version.dataset_name})",
        "version": version.number,
        "files": f"{version.item_count:,} ({format_size(version.size_bytes)})",
        "splits": " · ".join(map(_split, version.splits)) or "none",
        "folder": version.root,
        "digest": version.digest,
        "registered": format_moment(version.created_at),
    }
    output.fields(fields if state is None else fields | {"state": state})


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
    if left_out:
        names = ", ".join(left_out[:3]) + (", …" if len(left_out) > 3 else "")
        output.say(f"Left out, as hidden or cached: {len(left_out):,} ({names}).")
    output.say(f"Use it with: synapse plugin run train --params '{{\"dataset\": {version.dataset_id}}}'")


@contextmanager
def _reading(output: Output) -> Iterator[OnProgress]:
    """Show how far reading is: a live line on a terminal, elsewhere one line if it takes a while."""
    stream, is_live, started = output.err, is_terminal(output.err), time.monotonic()
    due, shown = started + (_REDRAW_S if is_live else _WHILE_S), False

    def on_progress(done_bytes: int, total_bytes: int) -> None:
        nonlocal due, shown
        if time.monotonic() < due or (shown and not is_live):
            return
        due, shown = time.monotonic() + _REDRAW_S, True
        if is_live:
            share = done_bytes / (total_bytes or 1)
            sizes = f"{format_size(done_bytes)} of {format_size(total_bytes)}"
            stream.write(f"\r\x1b[K  reading  {share:4.0%}  {sizes}")
            stream.flush()
        else:
            output.say(f"Reading {format_size(total_bytes)} …")

    try:
        yield on_progress
    finally:
        if shown and is_live:
            stream.write("\r\x1b[K")
            stream.flush()

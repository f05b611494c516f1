"""`synapse server backup` and `synapse server restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synapse_sdk._internal.terminal import is_terminal
from synapse_sdk._internal.units import count_of, format_size
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server.data_folder_option import with_data_folder

if TYPE_CHECKING:
    from synapse_sdk.server.data_folder import DataFolder


@click.command("backup")
@click.argument("destination", type=click.Path(path_type=Path))
@with_output
@with_data_folder
def backup(output: Output, folder: DataFolder, destination: Path) -> int:
    """Copy the server's data to DESTINATION, a folder that is not there yet. The server may run meanwhile."""
    from synapse_sdk.server.backup import write_backup

    facts = write_backup(folder, destination.absolute(), on_progress=_Counter(output))
    _say(output, f"Backed up {folder.root} to {destination}", facts)
    output.say(f"Put it back with: synapse server restore {destination} --data-dir FOLDER")
    return ExitCode.DONE


@click.command("restore")
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path))
@with_output
@with_data_folder
def restore(output: Output, folder: DataFolder, source: Path) -> int:
    """Make the server's data folder, which must not be there, from BACKUP. Everything is checked."""
    from synapse_sdk.server.backup import restore_backup

    facts = restore_backup(source.absolute(), folder, on_progress=_Counter(output))
    _say(output, f"Restored {folder.root} from {source}", facts)
    output.say(f"Start it with: synapse server start --data-dir {folder.root}")
    return ExitCode.DONE


def _say(output: Output, text: str, facts: dict[str, object]) -> None:
    if output.as_json:
        output.document(facts)
    size = format_size(int(str(facts["size_bytes"])))
    output.say(f"{text}: {count_of(int(str(facts['file_count'])), 'file')}, {size}, and the database.")


class _Counter:
    """A live count on a terminal; silence elsewhere."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._is_live = is_terminal(output.err)

    def __call__(self, done: int, total: int) -> None:
        if self._is_live and (done == total or done % 50 == 0):
            end = "\n" if done == total else ""
            print(f"\r\x1b[2K  {done:,} of {total:,} files", end=end, file=self._output.err, flush=True)

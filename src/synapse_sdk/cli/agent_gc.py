"""`synapse agent gc`."""

from __future__ import annotations

from pathlib import Path

import click

from synapse_sdk._internal.units import count_of, format_size
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode

#: Rows that fit a glance; `--json` has all.
_SHOWN_ROWS = 20


@click.command("gc")
@with_output
@click.option(
    "--folder", type=click.Path(path_type=Path), help="The agent's own folder (default: below your data)."
)
@click.option("--dry-run", is_flag=True, help="Only list what would go. The agent may run.")
def gc(output: Output, folder: Path | None, dry_run: bool) -> int:
    """Remove environments that no run has used for 30 days, or that take too much room.

    What a run uses stays. An agent that runs does this by itself, once a day; for any other, this does.
    """
    from synapse_sdk.agent.garbage import Removal, describe, find_garbage, remove_garbage
    from synapse_sdk.agent.loop import claim_folder
    from synapse_sdk.settings import load_settings

    chosen = (folder or load_settings().data_dir / "agent").absolute()
    if dry_run or not chosen.exists():
        removal = Removal(find_garbage(chosen), [])
    else:
        with claim_folder(chosen):
            removal = remove_garbage(chosen)
    size_bytes = sum(leftover.size_bytes for leftover in removal.removed)
    for leftover, error in removal.kept:
        output.warn(f"{leftover.path} can not be removed: {error}")
    if output.as_json:
        found = describe(removal.removed)
        output.document({"removed": not dry_run, "size_bytes": size_bytes, "leftovers": found})
    else:
        shown = removal.removed[:_SHOWN_ROWS]
        if shown:
            output.table(
                ("what", "name", "size", "why"),
                [(item.kind, item.path.name[:19], format_size(item.size_bytes), item.why) for item in shown],
            )
        if len(removal.removed) > _SHOWN_ROWS:
            output.say(f"… and {len(removal.removed) - _SHOWN_ROWS:,} more; --json lists all")
        verb = "can go" if dry_run else "gone"
        output.say(f"{count_of(len(removal.removed), 'leftover')}, {format_size(size_bytes)} {verb}.")
    return ExitCode.FAILED if removal.kept else ExitCode.DONE

"""`synapse server gc`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from synapse_sdk._internal.units import count_of, format_size
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server.data_folder_option import with_data_folder

if TYPE_CHECKING:
    from synapse_sdk.server.contents.repacking import WornPack
    from synapse_sdk.server.data_folder import DataFolder

#: Rows that fit a glance; `--json` has all.
_SHOWN_ROWS = 20


@click.command("gc")
@with_output
@with_data_folder
@click.option("--dry-run", is_flag=True, help="Only list what would go. The server may run.")
def gc(output: Output, folder: DataFolder, dry_run: bool) -> int:
    """Remove contents that nothing names any more, a day old, and uploads that rested for a week.

    The server must not run.
    """
    from synapse_sdk.server.app import open_services
    from synapse_sdk.server.garbage import find_garbage, remove_garbage

    with nullcontext() if dry_run else folder.claimed():
        services = open_services(folder)
        try:
            look = find_garbage if dry_run else remove_garbage
            garbage = look(services.database, services.files, folder.uploads)
        finally:
            services.database.close()
    rows = [*((blob, "nothing names it") for blob in garbage.unnamed)]
    rows += [(blob, "left by an upload that never ended") for blob in garbage.strays]
    if output.as_json:
        contents = [{"digest": blob.digest, "size_bytes": blob.size_bytes, "why": why} for blob, why in rows]
        uploads = [{"name": item.path.name, "size_bytes": item.size_bytes} for item in garbage.uploads]
        packs = [
            {"name": pack.name, "size_bytes": pack.size_bytes, "living_bytes": pack.living_bytes}
            for pack in garbage.packs
        ]
        output.document(
            {
                "removed": not dry_run,
                "size_bytes": garbage.size_bytes,
                "contents": contents,
                "packs": packs,
                "uploads": uploads,
            }
        )
        return ExitCode.DONE
    shown = [(blob.digest[:19] + "…", format_size(blob.size_bytes), why) for blob, why in rows]
    shown += [
        (item.path.name[:19], format_size(item.size_bytes), "an upload, at rest for a week")
        for item in garbage.uploads
    ]
    shown += [
        (f"pack {pack.name[:14]}…", format_size(pack.size_bytes), _describe(pack)) for pack in garbage.packs
    ]
    if shown:
        output.table(("content", "size", "why"), shown[:_SHOWN_ROWS])
    if len(shown) > _SHOWN_ROWS:
        output.say(f"… and {len(shown) - _SHOWN_ROWS:,} more; --json lists all")
    verb = "can go" if dry_run else "gone"
    count = len(shown) - len(garbage.packs)
    output.say(f"{count_of(count, 'content')}, {format_size(garbage.size_bytes)} {verb}.")
    if garbage.packs:
        can = "can be" if dry_run else "have been"
        output.say(f"{len(garbage.packs):,} of the packs {can} removed, or written anew without them.")
    return ExitCode.DONE


def _describe(pack: WornPack) -> str:
    living = format_size(pack.living_bytes)
    return f"a pack; {living} in it are named" if pack.living_bytes else "a pack; nothing in it is named"

"""Room that dead contents take in packs, given back. No server may run on the folder meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from synapse_sdk.server.contents import location_store as store
from synapse_sdk.server.contents.content_files import ContentFiles
from synapse_sdk.server.contents.location_store import Location
from synapse_sdk.server.db import Database
from synapse_sdk.storage.errors import explain_disk_errors
from synapse_sdk.storage.pack import PackDecoder, PackedContent, iter_pack, pack_size_bytes
from synapse_sdk.storage.stored_bytes import StoredBytes

#: A pack of which less than this part lives is written anew. Then at most as much is copied as is given back.
LIVING_PART = 0.5


@dataclass(frozen=True, slots=True)
class WornPack:
    """A pack that takes more room than what lives in it."""

    name: str
    size_bytes: int
    living_bytes: int


def find_worn(
    database: Database, contents: ContentFiles, *, dying: Collection[str] = (), written_before: float
) -> list[WornPack]:
    """Return packs in which nothing lives, or too little.

    Args:
        database: Its rows say what lives.
        contents: The packs.
        dying: Digests that do not count as living any more.
        written_before: Seconds since 1970; in a younger pack nothing may live yet.
    """
    # The packs first: one that is sealed meanwhile would seem to be dead.
    packs = [pack for pack in contents.packs.iter_packs() if pack.written_at < written_before]
    with database.read() as connection:
        living = store.sum_living(connection)
        for location in store.find_locations(connection, dying).values():
            living[location.pack] -= pack_size_bytes([(location.digest, location.size_bytes)])
    return [
        WornPack(pack.name, pack.size_bytes, living.get(pack.name, 0))
        for pack in packs
        if living.get(pack.name, 0) < pack.size_bytes * LIVING_PART
    ]


def replace_pack(database: Database, contents: ContentFiles, worn: WornPack) -> None:
    """Copy what lives in a pack into a new one, whose rows take the place of the old ones; then remove it.

    A crash leaves a pack in which nothing lives, the old or the new one.

    Raises:
        PackError: A content in it is damaged. Everything is as it was.
        DiskFullError: There is no room. Everything is as it was.
    """
    with database.read() as connection:
        living = store.list_of_pack(connection, worn.name)
    if living:
        with explain_disk_errors(contents.packs.root, needed_bytes=worn.living_bytes):
            moved = _copy(contents, worn.name, living)
        with database.write() as connection:
            contents.record(connection, moved)
    contents.packs.remove(worn.name)


def _copy(contents: ContentFiles, name: str, living: list[Location]) -> list[Location]:
    decoder = PackDecoder()
    with contents.packs.create() as pack:
        moved = []
        for block in iter_pack(_sources(contents, name, living)):
            pack.write(block)
            moved += [
                Location(content.digest, pack.name, content.offset, content.size_bytes)
                for content in decoder.check(block)
            ]
        decoder.finish()
        pack.seal(moved[-1].offset + moved[-1].size_bytes)
    return moved


def _sources(contents: ContentFiles, name: str, living: list[Location]) -> Iterator[PackedContent]:
    path = contents.packs.path_of(name)
    for digest, _, offset, size_bytes in living:
        yield PackedContent(digest, size_bytes, StoredBytes(path, offset, size_bytes))

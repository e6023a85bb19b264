"""The pages of a cut: found again, or stored in packs of their own.

So they lie together; and a pack of a head's blocks that is lost takes no block records with it:
what is in it may still be in the head, and the records nowhere.
"""

from mmsconsole.metadata.blocks import BlockPlace
from mmsconsole.stores.blocks.block import Place, packed
from mmsconsole.stores.blocks.index import BlockIndex, place_of
from mmsconsole.stores.blocks.packing import Packing
from mmsconsole.stores.blocks.page_writer import PageWriter
from mmsconsole.stores.blocks.previous import Previous
from mmsconsole.stores.compression import Zstd
from mmsconsole.task import Task


def store_pages(
    pages: PageWriter, previous: Previous, index: BlockIndex, packing: Packing, zstd: Zstd,
    task: Task,
) -> None:  # fmt: skip
    """All are durable and recorded on return. `packing` has finished with the blocks.

    One that could not be read when it was looked for, or whose pack is lost, is stored anew, and
    the index leads there from then on: so a repair finds it.
    """
    known = index.known(pages.waiting())
    again: list[tuple[str, BlockPlace]] = []

    def place(hash_: bytes, raw: bytes) -> Place:
        task.check()
        old = known.get(hash_)
        if old is not None and hash_ not in previous.wrong_pages and index.usable(old):
            return place_of(old)
        new = packing.add(hash_, packed(raw, zstd), len(raw))
        if old is not None:
            there = BlockPlace(hash_, new.pack, *new[1:3], len(raw), new.number)
            again.append((old.pack, there))
        return new

    pages.store(place)
    packing.finish()
    for pack, there in again:
        index.move(pack, there)

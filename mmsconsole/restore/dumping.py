"""A Content written as mongodump writes it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from mmsconsole.dump.archive_writer import ArchiveWriter
from mmsconsole.dump.contents import Batch, Content
from mmsconsole.dump.documents import Documents, of_array
from mmsconsole.dump.folder_writer import FolderWriter
from mmsconsole.dump.metadata_json import write_metadata
from mmsconsole.dump.prelude import Prelude, PreludeEntry
from mmsconsole.restore.choosing import Choice, Chosen
from mmsconsole.restore.delivery.base import PHASE
from mmsconsole.task import Task


def write_archive(
    content: Content, choice: Choice, write: Callable[[bytes], object], task: Task
) -> None:
    """`write` gets the archive's bytes in order. `content` gives one collection after the other.

    Raises what reading `content` and `write` raise, and Cancelled.
    """
    chosen = (*choice.users, *choice.data)
    writer = ArchiveWriter(write, Prelude(content.server_version, tuple(map(_entry, chosen))))
    by_name = {one.source.ns: one for one in chosen}
    begun = False
    for batch, documents in _documents(content, choice, task):
        target = by_name[batch.collection.ns].target
        if not begun:
            writer.begin(target.database, target.data_name)
        begun = not batch.last
        if documents.data:
            writer.documents(documents.data)
        if batch.last:
            writer.end()
    for one in chosen:
        if not one.source.has_documents:
            writer.begin(one.target.database, one.target.name)
            writer.end()


def write_folder(
    content: Content, choice: Choice, folder: Path, *, compressed: bool, task: Task
) -> int:
    """Into `folder`, which is there and empty; returns the bytes written, all of them durable."""
    writer = FolderWriter(folder, compressed=compressed)
    chosen = (*choice.users, *choice.data)
    writer.write_prelude(content.server_version)
    for one in chosen:
        writer.write_metadata(one.target)
    by_name = {one.source.ns: one for one in chosen}
    size = 0
    with ExitStack() as open_:
        file = None
        for batch, documents in _documents(content, choice, task):
            if file is None:
                target = by_name[batch.collection.ns].target
                file = open_.enter_context(writer.documents(target))
            if documents.data:
                file.write(documents.data)
            if batch.last:
                open_.close()
                size, file = size + file.bytes, None
    writer.sync()
    return writer.bytes + size


def _entry(one: Chosen) -> PreludeEntry:
    target = one.target
    text = write_metadata(target)
    return PreludeEntry(target.database, target.name, text, target.kind)


def _documents(content: Content, choice: Choice, task: Task) -> Iterator[tuple[Batch, Documents]]:
    done, total = 0, choice.bytes
    task.report(PHASE, done, total)
    for batch in content.batches(choice.wanted, task):
        task.check()
        is_array = batch.is_array and len(batch.data) > 0
        documents = of_array(batch.data) if is_array else Documents(bytes(batch.data), batch.count)
        yield batch, documents
        done += len(documents.data)
        total = max(total, done)
        task.report(PHASE, done, total)

"""What a link gives: the archive of its files, opened anew for each answer."""

from pathlib import Path

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.metadata.links import Link
from mmsconsole.restore.tar.archive import Archive
from mmsconsole.restore.tar.opening import archive_of_folder, archive_of_snapshot
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task


def archive_of(resources: Resources, link: Link, task: Task) -> Archive:
    """Raises StorageError where it is not any more what the link was made for."""
    if link.snapshot:
        found = archive_of_snapshot(resources, link.snapshot, task)
    else:
        found = archive_of_folder(Path(link.files))
    if (found.archive.bytes, found.etag) != (link.bytes, link.etag):
        raise ObjectCorrupt("gives another archive than the link was made for", where=link.id)
    return found.archive

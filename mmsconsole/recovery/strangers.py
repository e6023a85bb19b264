"""Deployments that a store holds and the metadata does not know: a rebuild would bring them back.

Whoever deletes what no record refers to must not do so in such a store.
"""

from collections.abc import Iterator

from mmsconsole.metadata.database import Metadata
from mmsconsole.storage.base import Storage

MANIFESTS = "manifests"
REMOVED = "deployment removed"
"""The event that says so."""


def deployments_in(storage: Storage) -> Iterator[str]:
    """Ids of those that have a manifest there, each once."""
    before = ""
    for stored in storage.list(MANIFESTS):
        parts = stored.key.split("/")
        if len(parts) == 3 and parts[1] != before:  # objects come in order of their names
            before = parts[1]
            yield before


def strangers_in(storage: Storage, metadata: Metadata) -> list[str]:
    """Raises StorageError, MetadataError.

    What was removed is none: its manifests may stay for a while, under a lock, and the event of
    its removal stays as the audit. Other events say nothing: a rebuild that was broken off has
    brought them back before the deployment.
    """
    return [
        id_
        for id_ in deployments_in(storage)
        if metadata.deployments.find(id_) is None
        and metadata.events.one({"deployment": id_, "kind": REMOVED}) is None
    ]


def strangers_in_words(store: str, deployments: int) -> str:
    """What to do about deployments in a store that nobody here knows."""
    what = "1 deployment" if deployments == 1 else f"{deployments} deployments"
    return (
        f"the store {store} holds {what} that this engine does not know: "
        f"mmsconsole store rebuild {store}"
    )

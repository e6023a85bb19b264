"""Which records a catalogue of one store holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from mmsconsole.metadata.codec import to_document
from mmsconsole.metadata.collection import Query
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.mongod.source_uri import without_secrets

DEPLOYMENTS, GROUPS, POLICIES, POOLS, EVENTS, HEADS = (
    "deployments", "groups", "policies", "pools", "events", "heads",
)  # fmt: skip
ALERT_RULES = "alert_rules"
OF_DEPLOYMENTS = (
    HEADS, "snapshots", "window_ends", "validations", "witnesses", "restores", ALERT_RULES,
    "maintenance_windows",
)  # fmt: skip
"""Collections whose records name a deployment. Not jobs, leases and slices, which are of one
engine's life; not packs, places of blocks and oplog chunks, which tell of themselves."""

EVENTS_MAX = 10_000
"""The newest ones, of each deployment."""
GROUP_POLICY = "group:"
"""Begins the id of a group's policy; a deployment's is the deployment's id."""

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(RawBSONDocument)


class Part(NamedTuple):
    collection: str
    query: Query
    newest: int = 0
    """Only so many, by their `at`; 0: all."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What belongs to a store: the deployments that are bound to it, or copied to it."""

    store: str
    deployments: tuple[Deployment, ...]

    @classmethod
    def of(cls, metadata: Metadata, store: str) -> "Scope":
        """With those that are being removed: a rebuild has to know that."""
        found = (one for one in metadata.deployments.all() if store in (one.store, one.copy_to))
        return cls(store, tuple(found))

    @property
    def ids(self) -> list[str]:
        return [deployment.id for deployment in self.deployments]

    @property
    def groups(self) -> list[str]:
        return sorted({deployment.group for deployment in self.deployments})


def parts_of(scope: Scope) -> list[Part]:
    """Pure: the queries that find the records, but for the deployments."""
    of_groups = [f"{GROUP_POLICY}{group}" for group in scope.groups]
    return [
        Part(GROUPS, {"_id": {"$in": scope.groups}}),
        Part(POLICIES, {"_id": {"$in": [*of_groups, *scope.ids]}}),
        Part(POOLS, {"store": scope.store}),
        Part(ALERT_RULES, {"deployment": "", "group": {"$in": scope.groups}}),
        *(Part(name, {"deployment": {"$in": scope.ids}}) for name in OF_DEPLOYMENTS),
        *(Part(EVENTS, {"deployment": id_}, EVENTS_MAX) for id_ in scope.ids),
    ]


def kept_deployments(
    deployments: Sequence[Deployment], *, secrets: bool
) -> tuple[list[Deployment], list[str]]:
    """As they may lie in the store, and the ids of those that a password was left out of. Pure."""
    if secrets:
        return list(deployments), []
    kept = [replace(each, uri=without_secrets(each.uri)) for each in deployments]
    pairs = zip(deployments, kept, strict=True)
    return kept, [after.id for before, after in pairs if after.uri != before.uri]


def records_of(
    metadata: Metadata, scope: Scope, deployments: Sequence[Deployment]
) -> Iterator[tuple[str, Any]]:
    """(collection, document) of everything, streamed. Raises MetadataError.

    Records change meanwhile; a rebuild believes the objects where they tell something else.
    """
    for deployment in deployments:
        yield DEPLOYMENTS, to_document(deployment)
    for part in parts_of(scope):
        yield from ((part.collection, document) for document in _documents(metadata, part))


def _documents(metadata: Metadata, part: Part) -> Iterator[RawBSONDocument]:
    raw = metadata.database.get_collection(part.collection, codec_options=_RAW)
    with metadata_errors():
        found = raw.find(part.query)
        yield from found.sort("at", -1).limit(part.newest) if part.newest else found

"""The exactness oracle: two servers hold the same iff their fingerprints are equal.

Of every namespace: dbHash's MD5 over its documents, its UUID, its options, its whole index
specifications; views with their pipelines. Left out is what a server has of its own:

- local, and config but for config.settings
- admin.system.keys (every server makes its own), the UUID of admin.system.version
- system.profile, which is not replicated
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from bson import json_util
from pymongo import MongoClient

from mmsconsole.mongod.source_errors import name_of, source_errors

Client = MongoClient[dict[str, Any]]

BATCH_DOCUMENTS = 1000
"""Of one answer; it is 16 MB at most, however large they are."""

_CONFIG_KEPT = frozenset({"config.settings"})
_LEFT_OUT = frozenset({"admin.system.keys"})
_OWN_UUID = frozenset({"admin.system.version"})


@dataclass(frozen=True, slots=True)
class NamespacePrint:
    kind: str
    """collection, view or timeseries."""
    md5: str
    """Of the documents; empty for what holds none of its own."""
    uuid: str
    """Hexadecimal."""
    options: str
    """Canonical extended JSON, its top-level keys sorted."""
    indexes: tuple[str, ...]
    """As `options`, sorted."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    namespaces: Mapping[str, NamespacePrint]


@dataclass(frozen=True, slots=True)
class Listed:
    """A namespace, and what is said of it without reading its documents."""

    database: str
    name: str
    kind: str
    uuid: str
    options: str
    indexes: tuple[str, ...]
    natural: bool
    """Its documents are hashed in the order of the records: it has no index on _id."""

    @property
    def ns(self) -> str:
        return f"{self.database}.{self.name}"

    @property
    def has_documents(self) -> bool:
        return self.kind == "collection"


def fingerprint(client: Client, databases: Sequence[str] | None = None) -> Fingerprint:
    """Of the whole server, or of `databases`. Nobody should write meanwhile.

    dbHash reads every document: `client` needs a socket timeout to suit. Raises as
    source_errors does.
    """
    found = listed(client, databases)
    hashes = hashes_of(client, found)
    prints = {
        one.ns: NamespacePrint(one.kind, hashes.get(one.ns, ""), one.uuid, one.options, one.indexes)
        for one in found
    }
    return Fingerprint(dict(sorted(prints.items())))


def listed(client: Client, databases: Sequence[str] | None = None) -> list[Listed]:
    """Every namespace that counts. Raises as source_errors does."""
    with source_errors(name_of(client)):
        if databases is None:
            databases = client.list_database_names()
        return [
            _listed(client, database, entry)
            for database in databases
            if database != "local"
            for entry in client[database].list_collections()
            if _counts(f"{database}.{entry['name']}")
        ]


def _counts(namespace: str) -> bool:
    if namespace.startswith("config."):
        return namespace in _CONFIG_KEPT
    return namespace not in _LEFT_OUT and not namespace.endswith(".system.profile")


def _listed(client: Client, database: str, entry: Mapping[str, Any]) -> Listed:
    indexes: Sequence[Mapping[str, Any]] = ()
    if entry["type"] == "collection":
        indexes = list(client[database][entry["name"]].list_indexes())
    own_uuid = f"{database}.{entry['name']}" in _OWN_UUID
    return Listed(
        database=database,
        name=entry["name"],
        kind=entry["type"],
        uuid="" if own_uuid else _hex(entry["info"].get("uuid", b"")),
        options=_text(entry["options"]),
        indexes=tuple(sorted(_text(index) for index in indexes)),
        natural=not any(list(index["key"]) == ["_id"] for index in indexes),
    )


def hashes_of(client: Client, chosen: Iterable[Listed]) -> dict[str, str]:
    """dbHash's MD5 of those that have documents, by namespace. Nothing breaks off a dbHash: it
    heeds neither maxTimeMS nor killOp (6.0.5). Raises as source_errors does.
    """
    by_database: dict[str, list[Listed]] = {}
    for one in chosen:
        if one.has_documents:
            by_database.setdefault(one.database, []).append(one)
    hashes: dict[str, str] = {}
    with source_errors(name_of(client)):
        for database, those in by_database.items():
            command = {"dbHash": 1, "collections": [one.name for one in those]}
            found = client[database].command(command)["collections"]
            hashes |= {
                one.ns: found.get(one.name) or hash_of_documents(client, one) for one in those
            }
    return hashes


def hash_of_collection(client: Client, database: str, name: str) -> str:
    """Of one that has documents. Raises as source_errors does."""
    one = Listed(database, name, "collection", "", "", (), natural=False)
    return hashes_of(client, [one])[one.ns]


def hash_of_documents(client: Client, one: Listed, check: Callable[[], None] = lambda: None) -> str:
    """The same MD5, of what dbHash leaves out too: it skips system collections that it does not
    know. `check` is called every few MB, and may raise. Raises as source_errors does.
    """
    digest = hashlib.md5(usedforsecurity=False)
    order: dict[str, Any] = {"hint": [("$natural", 1)]} if one.natural else {"sort": [("_id", 1)]}
    collection = client[one.database][one.name]
    with (
        source_errors(name_of(client)),
        closing(collection.find_raw_batches(batch_size=BATCH_DOCUMENTS, **order)) as batches,
    ):
        for batch in batches:
            check()
            digest.update(cast(bytes, batch))  # the driver's type says a document
    return digest.hexdigest()


def _hex(uuid: bytes | UUID) -> str:
    """However the client represents it."""
    return uuid.hex if isinstance(uuid, UUID) else uuid.hex()


def _text(document: Mapping[str, Any]) -> str:
    """Below the top level order is kept: it means something in keys, pipelines and validators."""
    ordered = dict(sorted(document.items()))
    return json_util.dumps(ordered, json_options=json_util.CANONICAL_JSON_OPTIONS)


def differences(a: Fingerprint, b: Fingerprint) -> list[str]:
    """One sentence for each thing that is not equal; none if the two hold the same."""
    found = []
    for namespace in sorted(a.namespaces.keys() | b.namespaces.keys()):
        in_a, in_b = a.namespaces.get(namespace), b.namespaces.get(namespace)
        if in_a is None or in_b is None:
            found.append(f"{namespace} is only in the {'first' if in_a else 'second'}")
        else:
            found += [f"{namespace}: {said}" for said in _compare(in_a, in_b)]
    return found


def _compare(a: NamespacePrint, b: NamespacePrint) -> Iterator[str]:
    if a.kind != b.kind:
        yield f"a {a.kind} in the first, a {b.kind} in the second"
    if a.md5 != b.md5:
        yield "the documents differ"
    if a.uuid != b.uuid:
        yield f"the UUIDs differ: {a.uuid} and {b.uuid}"
    if a.options != b.options:
        yield f"the options differ: {a.options} and {b.options}"
    for index in sorted(set(a.indexes) ^ set(b.indexes)):
        yield f"an index is only in the {'first' if index in a.indexes else 'second'}: {index}"

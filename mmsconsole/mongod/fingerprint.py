"""The exactness oracle: two servers hold the same iff their fingerprints are equal.

Of every namespace: dbHash's MD5 over its documents, its UUID, its options, its whole index
specifications; views with their pipelines. Left out is what a server has of its own:

- local, and config but for config.settings
- admin.system.keys (every server makes its own), the UUID of admin.system.version
- system.profile, which is not replicated
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from bson import json_util
from pymongo import MongoClient

from mmsconsole.mongod.source_errors import name_of, source_errors

Client = MongoClient[dict[str, Any]]

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


def fingerprint(client: Client, databases: Sequence[str] | None = None) -> Fingerprint:
    """Of the whole server, or of `databases`. Nobody should write meanwhile.

    dbHash reads every document: `client` needs a socket timeout to suit. Raises as
    source_errors does.
    """
    with source_errors(name_of(client)):
        if databases is None:
            databases = client.list_database_names()
        prints = {
            namespace: made
            for database in databases
            if database != "local"
            for namespace, made in _of_database(client, database)
        }
    return Fingerprint(dict(sorted(prints.items())))


def _of_database(client: Client, name: str) -> Iterator[tuple[str, NamespacePrint]]:
    database = client[name]
    found = {
        f"{name}.{entry['name']}": entry
        for entry in database.list_collections()
        if _counts(f"{name}.{entry['name']}")
    }
    names = [entry["name"] for entry in found.values() if entry["type"] == "collection"]
    hashes: dict[str, str] = {}
    if names:  # without any, dbHash would take all
        hashes = database.command({"dbHash": 1, "collections": names})["collections"]
    for namespace, entry in found.items():
        yield namespace, _of_namespace(client, namespace, entry, hashes)


def _counts(namespace: str) -> bool:
    if namespace.startswith("config."):
        return namespace in _CONFIG_KEPT
    return namespace not in _LEFT_OUT and not namespace.endswith(".system.profile")


def _of_namespace(
    client: Client, namespace: str, entry: Mapping[str, Any], hashes: Mapping[str, str]
) -> NamespacePrint:
    database, _, name = namespace.partition(".")
    indexes: Iterable[Mapping[str, Any]] = ()
    if entry["type"] == "collection":
        indexes = client[database][name].list_indexes()
    uuid = entry["info"].get("uuid", b"")
    return NamespacePrint(
        kind=entry["type"],
        md5=hashes[name] if name in hashes else _own_hash(client, entry, namespace),
        uuid="" if namespace in _OWN_UUID else _hex(uuid),
        options=_text(entry["options"]),
        indexes=tuple(sorted(_text(index) for index in indexes)),
    )


def _hex(uuid: bytes | UUID) -> str:
    """However the client represents it."""
    return uuid.hex if isinstance(uuid, UUID) else uuid.hex()


def _own_hash(client: Client, entry: Mapping[str, Any], namespace: str) -> str:
    """Of what dbHash leaves out; it skips system collections that it does not know."""
    if entry["type"] != "collection":
        return ""
    database, _, name = namespace.partition(".")
    digest = hashlib.md5(usedforsecurity=False)
    for batch in client[database][name].find_raw_batches(sort=[("_id", 1)]):
        digest.update(cast(bytes, batch))  # the driver's type says a document
    return digest.hexdigest()


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

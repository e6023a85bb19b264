"""Comparing a head with its source: what is decided there. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import zip_longest

import bson
from bson import json_util

from mmsconsole.agent.catalogue_reads import Catalogue
from mmsconsole.agent.listing import has_data
from mmsconsole.agent.snapshot_reads import Identity, Stretch
from mmsconsole.head.creating import MADE_BY_THE_HEAD
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.mongod.wire import DECODING

MENDED_MAX = 1000
"""Documents that are fetched again; a collection that differs by more is not mended."""
SAMPLE_DOCUMENTS = 200
LOOKS_MAX = 3
"""How often a collection is looked at that could not be read, because it was just altered."""


class Result(Enum):
    EQUAL = auto()
    DIFFERS = auto()
    UNREAD = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look at one collection has shown."""

    collection: SyncCollection
    result: Result
    documents: int = 0
    size: int = 0
    """Their bytes."""
    ids: tuple[bytes, ...] = ()
    """Raw {_id: VALUE} of the documents that differ, as far as they are known."""
    reason: str = ""
    """How it differs, or why it was not read, or only in part."""
    again: bool = False
    """What was not read may be at a later moment."""
    sampled: bool = False
    """Not all of it was looked at."""


@dataclass(slots=True)
class Ledger:
    """What all looks have shown so far. What samples show to differ is read whole; what then
    differs is mended, and gets one more look.
    """

    compared: list[Finding] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    suspects: set[bytes] = field(default_factory=set)
    """UUIDs of the collections that have differed: they are read whole from then on."""
    _mended: set[bytes] = field(default_factory=set)
    _unread: Counter[bytes] = field(default_factory=Counter)

    def take(self, findings: Iterable[Finding]) -> set[bytes]:
        """UUIDs of the collections that need another look."""
        return {found.collection.uuid for found in findings if self._wants_more(found)}

    def _wants_more(self, found: Finding) -> bool:
        match found.result:
            case Result.DIFFERS:
                return self._differs(found)
            case Result.UNREAD:
                return self._is_unread(found)
            case Result.EQUAL:
                self.compared.append(found)
                if found.reason:
                    self.left_out.append(said_of(found))
                return False

    def _differs(self, found: Finding) -> bool:
        uuid = found.collection.uuid
        self.suspects.add(uuid)
        if uuid in self._mended:
            self.problems.append(said_of(found))
            return False
        if not found.sampled:
            self._mended.add(uuid)
        return True

    def _is_unread(self, found: Finding) -> bool:
        uuid = found.collection.uuid
        self._unread[uuid] += 1
        if found.again and self._unread[uuid] < LOOKS_MAX:
            return True
        if uuid in self.suspects:
            said = f"differed, and could not be read again: {found.reason}"
            self.problems.append(f"{found.collection.ns}: {said}")
        else:
            self.left_out.append(said_of(found))
        return False


def said_of(found: Finding) -> str:
    return f"{found.collection.ns}: {found.reason}"


def is_compared(collection: SyncCollection) -> bool:
    """Whether its documents are those of the source."""
    name = collection.ns.split(".", 1)[1]
    return (
        bool(collection.uuid)
        and collection.ns not in MADE_BY_THE_HEAD
        and has_data(name, collection.kind)
    )


def read_whole(collections: Iterable[SyncCollection], budget: int) -> set[bytes]:
    """UUIDs of the collections that fit into so many bytes, the small ones first."""
    chosen: set[bytes] = set()
    for collection in sorted(collections, key=lambda one: one.total_bytes):
        budget -= collection.total_bytes
        if budget < 0:
            break
        chosen.add(collection.uuid)
    return chosen


def stretch_of(collection: SyncCollection) -> Stretch:
    """All of it."""
    natural = collection.capped or bool(
        bson.decode(collection.options, DECODING).get("clusteredIndex")
    )
    return Stretch(collection.ns.split(".", 1)[0], collection.uuid, natural)


def sample_of(collection: SyncCollection, begin: bytes) -> Stretch:
    """A few of its documents, from one on."""
    return replace(stretch_of(collection), begin=begin, limit=SAMPLE_DOCUMENTS)


def differing(
    source: Iterator[Identity], head: Iterator[Identity], most: int = MENDED_MAX
) -> list[bytes] | None:
    """Ids of the documents that only one side has, or that are not the same; None: too many.

    Both come in the same order, so a document that one side lacks only shifts them: what is
    remembered is as much as differs.
    """
    differ: list[bytes] = []
    waiting: tuple[dict[bytes, bytes], dict[bytes, bytes]] = ({}, {})
    for pair in zip_longest(source, head):
        if pair[0] == pair[1]:
            continue
        for side, found in enumerate(pair):
            if found is None:
                continue
            other = waiting[1 - side].pop(found.id, None)
            if other is None:
                waiting[side][found.id] = found.sha256
            elif other != found.sha256:
                differ.append(found.id)
        if len(waiting[0]) + len(waiting[1]) + len(differ) > most:
            return None
    return [*differ, *waiting[0], *waiting[1]]


# -- the catalogue ----------------------------------------------------------------------------


def catalogue_problems(
    source: Catalogue, head: Sequence[SyncCollection]
) -> tuple[list[str], list[str]]:
    """How the head's collections, views and indexes are not the source's; and what of them was
    altered since the head's position, so that nothing is known of it.
    """
    theirs = {_key(one): one for one in source.collections if one.ns not in MADE_BY_THE_HEAD}
    ours = {_key(one): one for one in head if one.ns not in MADE_BY_THE_HEAD}
    problems, left_out = [], []
    for key in sorted(theirs.keys() | ours.keys()):
        here, there = ours.get(key), theirs.get(key)
        ns = (there or here or source.collections[0]).ns
        if key in source.changes.collections or (source.changes.views and key == ns.encode()):
            left_out.append(f"{ns}: its options and indexes were altered meanwhile")
        elif here is None:
            problems.append(f"{ns} is missing in the head")
        elif there is None:
            problems.append(f"{ns} is not in the source")
        else:
            problems += [f"{ns}: {said}" for said in _unlike(there, here)]
    return problems, left_out


def _key(collection: SyncCollection) -> bytes:
    return collection.uuid or collection.ns.encode()


def _unlike(there: SyncCollection, here: SyncCollection) -> Iterator[str]:
    if there.ns != here.ns:
        yield f"is called {here.ns} in the head"
    if _text(there.options) != _text(here.options):
        yield "its options differ"
    indexes = [sorted(map(_text, (one.id_index, *one.indexes))) for one in (there, here)]
    if indexes[0] != indexes[1]:
        yield "its indexes differ"


def _text(document: bytes) -> str:
    """Below the top level order is kept: it means something in keys, pipelines and validators."""
    if not document:
        return ""
    ordered = dict(sorted(bson.decode(document, DECODING).items()))
    return json_util.dumps(ordered, json_options=json_util.CANONICAL_JSON_OPTIONS)

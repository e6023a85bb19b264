"""What a head holds just now, as digests: read for a limited time, left as soon as it is wanted.

Small collections are hashed by the head's own mongod (dbHash), which nothing can break off; large
ones are read in batches and hashed here, so that it can.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mmsconsole.clock import Clock
from mmsconsole.errors import Cancelled
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.witnesses import UNCOUNTED, Witnessed
from mmsconsole.mongod.fingerprint import Client, Listed, hash_of_documents, hashes_of, listed

SMALL_BYTES = 64 << 20
"""Of collections that one dbHash reads: a fraction of a second."""
COUNT_SECONDS = 5
"""For one collection: the _id index of some 40 million documents."""
DIGEST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Seen:
    namespaces: dict[str, Witnessed]
    unhashed: int


class _TimeOver(Exception):
    pass


class WitnessReading:
    """`leave` says whether somebody else has to have the head now."""

    def __init__(
        self, server: HeadServer, clock: Clock, seconds: float, leave: Callable[[], bool]
    ) -> None:
        self._server = server
        self._clock = clock
        self._deadline = clock.monotonic() + seconds
        self._leave = leave

    def run(self) -> Seen:
        """Raises Cancelled when it had to leave, MongodError."""
        client = self._server.client
        with self._server.errors():
            found = listed(client)
            hashes = self._hashes(client, self._by_size(client, found))
            namespaces = {}
            for one in found:
                self._make_way()
                namespaces[one.ns] = witnessed(one, hashes.get(one.ns, ""), count_of(client, one))
        readable = sum(one.has_documents for one in found)
        return Seen(namespaces, readable - len(hashes))

    def _by_size(self, client: Client, found: Sequence[Listed]) -> list[tuple[int, Listed]]:
        sized = []
        for one in found:
            self._make_way()
            if one.has_documents:
                sized.append((size_of(client, one), one))
        return sorted(sized, key=lambda each: each[0])

    def _hashes(self, client: Client, sized: list[tuple[int, Listed]]) -> dict[str, str]:
        """The small ones first, as many as there is time for."""
        hashes: dict[str, str] = {}
        try:
            for group in in_groups(sized):
                self._check()
                hashes |= hashes_of(client, group)
            for size, one in sized:
                if size > SMALL_BYTES:
                    self._check()
                    hashes[one.ns] = hash_of_documents(client, one, self._check)
        except _TimeOver:
            pass
        return hashes

    def _check(self) -> None:
        self._make_way()
        if self._clock.monotonic() >= self._deadline:
            raise _TimeOver

    def _make_way(self) -> None:
        if self._leave():
            raise Cancelled("the head is wanted by somebody else")


def in_groups(sized: list[tuple[int, Listed]]) -> Iterator[list[Listed]]:
    """The small ones, SMALL_BYTES together at most; `sized` by size. Pure."""
    group: list[Listed] = []
    total = 0
    for size, one in sized:
        if size > SMALL_BYTES:
            break
        if group and total + size > SMALL_BYTES:
            yield group
            group, total = [], 0
        group.append(one)
        total += size
    if group:
        yield group


def witnessed(one: Listed, md5: str, count: int) -> Witnessed:
    """Pure."""
    options, indexes = digest_of(one.options), digest_of("\n".join(one.indexes))
    return Witnessed(one.kind, md5, count, options, indexes, one.uuid)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]


def size_of(client: Client, one: Listed) -> int:
    """Bytes of its documents."""
    return int(client[one.database].command("collStats", one.name).get("size", 0))


def count_of(client: Client, one: Listed) -> int:
    """Exactly: what mongod keeps in mind of it is not, after it was killed.

    UNCOUNTED where there is no _id index (capped and clustered collections need none), or no time.
    """
    if not one.has_documents:
        return UNCOUNTED
    command: dict[str, Any] = {
        "aggregate": one.name, "cursor": {}, "hint": {"_id": 1},
        "pipeline": [{"$match": {}}, {"$group": {"_id": None, "n": {"$sum": 1}}}],
        "maxTimeMS": COUNT_SECONDS * 1000,
    }  # fmt: skip
    reply = client[one.database].command(command, check=False)
    if reply.get("ok") != 1:
        return UNCOUNTED
    batch = reply["cursor"]["firstBatch"]
    return int(batch[0]["n"]) if batch else 0

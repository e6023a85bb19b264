"""Links: archives that are downloaded from the engine. The id is that of the link's restore."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pymongo import ReturnDocument

from mmsconsole.metadata.codec import from_document
from mmsconsole.metadata.collection import Indexes, Query, Records
from mmsconsole.metadata.failures import metadata_errors

SENT_MAX = 2
"""A link that has sent so many times the bytes of its downloads begins no more: who leaves out the
last byte each time can not download for ever."""


class LinkState(StrEnum):
    PREPARING = "preparing"
    """Its restore makes what it will give."""
    READY = "ready"
    EXPIRED = "expired"
    USED_UP = "used up"
    REVOKED = "revoked"
    FAILED = "failed"
    """What it is to give can not be read any more, or never was made."""


OPEN = (LinkState.PREPARING, LinkState.READY)


@dataclass(frozen=True, slots=True)
class Link:
    id: str
    deployment: str
    token_sha256: str
    """In hex; the token itself is kept nowhere."""
    name: str
    """Of the file that is downloaded: plain letters, digits, '.', '_' and '-'."""
    created_at: datetime
    hours: float
    """How long it is good, once it is ready."""
    downloads_max: int = 1
    """0: not counted."""
    created_by: str = ""
    compression: str = ""
    mb_per_second: float = 0
    state: LinkState = LinkState.PREPARING
    reason: str = ""
    """Why it is neither ready nor simply over."""
    expires_at: datetime | None = None
    """None while it is being prepared."""
    ended_at: datetime | None = None
    snapshot: str = ""
    """That is read from its store; empty: `files` are."""
    files: str = ""
    """The folder of the files that are read."""
    staging: str = ""
    """What is ours of that, and goes when the link has ended."""
    bytes: int = 0
    """Of the archive, uncompressed."""
    etag: str = ""
    sha256: str = ""
    """Of what is downloaded, in hex; empty while nobody has computed it."""
    downloads: int = 0
    """Whose last byte was sent."""
    sent_bytes: int = 0
    """In all, broken-off downloads too; uncompressed."""

    @property
    def sent_enough(self) -> bool:
        return self._has_sent(SENT_MAX)

    @property
    def sent_too_much(self) -> bool:
        """By many that began at one time: they are broken off."""
        return self._has_sent(SENT_MAX + 1)

    def _has_sent(self, times: int) -> bool:
        most = times * self.downloads_max * self.bytes
        return bool(most) and self.sent_bytes >= most


class Links(Records[Link]):
    name = "links"
    record = Link
    noun = "link"
    listed_by = "link list"
    indexes: ClassVar[Indexes] = [([("deployment", 1), ("created_at", 1)], {})]

    def listed(self, deployment: str | None = None) -> Iterator[Link]:
        """Newest first."""
        query: Query = {} if deployment is None else {"deployment": deployment}
        return self.all(query, sort=[("created_at", -1)])

    def open(self, deployment: str | None = None) -> Iterator[Link]:
        """That give something, or will."""
        query: Query = {"state": {"$in": [state.value for state in OPEN]}}
        return self.all(query if deployment is None else {**query, "deployment": deployment})

    def with_staging(self) -> Iterator[Link]:
        """That have ended, and whose folder may still be there."""
        states = [state.value for state in LinkState if state not in OPEN]
        return self.all({"state": {"$in": states}, "staging": {"$ne": ""}})

    def make_ready(self, id_: str, **found: object) -> Link | None:
        """None where it is being prepared no more: somebody has revoked it."""
        waiting = {"_id": id_, "state": {"$in": [state.value for state in OPEN]}}
        return self.set_where(waiting, state=LinkState.READY, **found)

    def end(self, id_: str, state: LinkState, at: datetime, reason: str = "") -> Link | None:
        """None where it had ended already."""
        still = {"_id": id_, "state": {"$in": [state.value for state in OPEN]}}
        return self.set_where(still, state=state, ended_at=at, reason=reason)

    def count_download(self, id_: str, now: datetime) -> Link | None:
        """Take one of its downloads, before the last byte is sent; None where there is none."""
        uncounted, left = {"downloads_max": 0}, {"$expr": {"$lt": ["$downloads", "$downloads_max"]}}
        query = {
            "_id": id_, "state": LinkState.READY.value, "expires_at": {"$gt": now},
            "$or": [uncounted, left],
        }  # fmt: skip
        last = {"$eq": ["$downloads", "$downloads_max"]}
        return self._update(query, [
            {"$set": {"downloads": {"$add": ["$downloads", 1]}}},
            {"$set": {
                "state": {"$cond": [last, LinkState.USED_UP.value, "$state"]},
                "ended_at": {"$cond": [last, now, "$ended_at"]},
            }},
        ])  # fmt: skip

    def give_back(self, id_: str) -> Link | None:
        """A download that was counted, and whose last byte could not be sent."""
        states = [LinkState.READY.value, LinkState.USED_UP.value]
        back = {"downloads": {"$add": ["$downloads", -1]}, "ended_at": None}
        query = {"_id": id_, "state": {"$in": states}, "downloads": {"$gt": 0}}
        return self._update(query, [{"$set": {**back, "state": LinkState.READY.value}}])

    @metadata_errors()
    def add_sent(self, id_: str, count: int) -> None:
        self.collection.update_one({"_id": id_}, {"$inc": {"sent_bytes": count}})

    @metadata_errors()
    def forget_ended(self, before: datetime) -> None:
        """But those whose folder is still there."""
        ended = {"ended_at": {"$lt": before}, "staging": ""}
        self.collection.delete_many(ended)

    @metadata_errors()
    def _update(self, query: Query, steps: list[dict[str, Any]]) -> Link | None:
        found = self.collection.find_one_and_update(
            query, steps, return_document=ReturnDocument.AFTER
        )
        return None if found is None else from_document(found, Link)

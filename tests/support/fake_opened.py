"""What is opened for reading and what is downloaded by links, answered from memory.

The part of FakeOperations that is about them; its data are of the same moment as the others.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from mmsconsole.errors import NotFound, Refused
from mmsconsole.metadata.openings import OpeningState
from mmsconsole.operations.link_views import LinkOffer, LinkView
from mmsconsole.operations.opening_views import (
    Connection,
    FoundDocuments,
    OpenedCollection,
    OpeningView,
)
from mmsconsole.operations.openings import Question
from mmsconsole.operations.seeding import SeedView
from mmsconsole.operations.views import RestoreView
from mmsconsole.restore.seeding.plan import commands, seed_of
from mmsconsole.secret import Secret
from mmsconsole.task import Task
from tests.support import fake_data as data
from tests.support.fake_data import GB, MB, NOW
from tests.support.fake_restores import FakeRestores

PASSWORD = "tS3-cR3t_of-the-copy"
OFFER = LinkOffer(
    "https://ops1:8080/download/r-4390/pqm0-oqIDfNCJ_oRVsWzNv7VpYg3HQv1tZl2nXwK9yE/orders.tar",
    "curl -fg -k --pinnedpubkey sha256//Zk3hM1bq0Wm8PZ1l1o5cG7cV0o8Qm8m1kqk3rY5o0aM= -C - -o "
    "orders-1784181597-1.tar https://ops1:8080/download/r-4390/"
    "pqm0-oqIDfNCJ_oRVsWzNv7VpYg3HQv1tZl2nXwK9yE/orders-1784181597-1.tar",
    "https://ops1:8080/download/r-4390/…/orders.tar.sha256",
    ("it is not served now: no engine runs",),
)


def opening(id_: str, name: str, state: str = "open", hours_ago: float = 6, **more: object) -> (
    OpeningView
):  # fmt: skip
    made = OpeningView(
        id_, name, "6591c4f1a2b3", data.optime(NOW - timedelta(hours=hours_ago)), state,
        "127.0.0.1:27700" if state == "open" else "", "mmsconsole-reader",
        NOW + timedelta(hours=3, minutes=20), 1_240 * MB, NOW - timedelta(minutes=40), "anna",
        None, "",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def openings() -> dict[str, OpeningView]:
    made = [
        opening("r-4401", "orders"),
        opening("r-4399", "payments", "starting", 30, bytes=9 * GB),
        opening("r-4398", "orders", "failed", 50, closed_at=NOW - timedelta(hours=5),
                reason="none of the ports 27700 to 27719 is free; close another one first"),
        opening("r-4397", "catalogue", "closed", 70, closed_at=NOW - timedelta(hours=9),
                reason="its time was over"),
    ]  # fmt: skip
    return {each.id: each for each in made}


def link(id_: str, name: str, state: str = "ready", **more: object) -> LinkView:
    made = LinkView(
        id=id_, deployment=name, name=f"{name}-1784181597-1.tar", state=state,
        created_at=NOW - timedelta(hours=1), created_by="anna", hours=24,
        expires_at=NOW + timedelta(hours=23), downloads=0, downloads_max=1, bytes=1_240 * MB,
        sent_bytes=0, sha256="", staged=False, ended_at=None, reason="",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def links() -> dict[str, LinkView]:
    made = [
        link("r-4390", "orders"),
        link("r-4389", "payments", "preparing", expires_at=None, bytes=0),
        link("r-4388", "orders", "used up", downloads=3, downloads_max=3, sent_bytes=3_720 * MB,
             sha256="9f" * 32, ended_at=NOW - timedelta(hours=2)),
        link("r-4387", "orders", "revoked", downloads_max=0, reason="ben revoked it",
             ended_at=NOW - timedelta(hours=3)),
    ]  # fmt: skip
    return {each.id: each for each in made}


def order(number: int) -> str:
    return json.dumps({
        "_id": {"$numberInt": str(number)},
        "customer": f"customer {number}",
        "at": {"$date": {"$numberLong": str(1784181597000 + number)}},
        "lines": [{"good": "tea", "count": {"$numberInt": "2"}}],
        "note": "x" * 200,
    })  # fmt: skip


def documents() -> dict[str, tuple[str, ...]]:
    evil = {"_id": {"$oid": "6591c4f1a2b3c4d5e6f70819"}, "\x1b[2Jname": "\x1b]0;owned\x07\u202e",
            "$date": {"$oid": 5}, "long": "y" * 20_000}  # fmt: skip
    return {
        "shop.orders": tuple(order(number) for number in range(1, 251)),
        "shop.\x1b[2Jevil": (json.dumps(evil),),
        "shop.none": (),
    }


COLLECTIONS = (
    OpenedCollection("admin", "system.users", "collection", None),
    OpenedCollection("shop", "\x1b[2Jevil", "collection", 1),
    OpenedCollection("shop", "none", "collection", 0),
    OpenedCollection("shop", "orders", "collection", 250),
    OpenedCollection("shop", "paid", "view", None),
)


@dataclass
class FakeOpened(FakeRestores):
    kept_openings: dict[str, OpeningView] = field(default_factory=dict)
    kept_links: dict[str, LinkView] = field(default_factory=dict)
    kept_collections: tuple[OpenedCollection, ...] = COLLECTIONS
    kept_documents: dict[str, tuple[str, ...]] = field(default_factory=documents)

    # Questions

    def openings(self) -> list[OpeningView]:
        self._reach("openings")
        return list(self.kept_openings.values())

    def opening(self, opening_id: str) -> OpeningView:
        self._reach("opening")
        if opening_id not in self.kept_openings:
            raise NotFound("there is no such open snapshot", where=opening_id)
        return self.kept_openings[opening_id]

    def opened_collections(
        self, opening_id: str, *, task: Task | None = None
    ) -> list[OpenedCollection]:
        self._ask("opened_collections", opening_id)
        return list(self.kept_collections)

    def find_opened(
        self, opening_id: str, question: Question, *, task: Task | None = None
    ) -> FoundDocuments:
        self._ask("find_opened", opening_id, question)
        wanted = json.loads(question.filter or "{}").get("_id")
        kept = [
            text for text in self.kept_documents[question.namespace]
            if wanted is None or json.loads(text)["_id"] == {"$numberInt": str(wanted)}
        ]  # fmt: skip
        kept = kept[::-1] if question.sort else kept
        shown = kept[question.skip : question.skip + question.limit]
        more = len(kept) > question.skip + question.limit
        return FoundDocuments(question.namespace, tuple(shown), more)

    def links(self, name: str | None = None) -> list[LinkView]:
        self._reach("links")
        return [each for each in self.kept_links.values() if name in (None, each.deployment)]

    def link(self, link_id: str) -> LinkView:
        self._reach("link")
        return self.kept_links[link_id]

    # Requests

    def open_snapshot(
        self, name: str, *, snapshot: str | None = None, at: str | None = None, hours: float = 24
    ) -> RestoreView:
        self._ask("open_snapshot", name, snapshot, at, hours)
        made = data.restore("r-open", name, "materialising", None, kind="open", path="")
        self.kept_restores = {made.id: made, **self.kept_restores}
        return made

    def opening_connection(self, opening_id: str) -> Connection:
        self._ask("opening_connection", opening_id)
        found = self.kept_openings[opening_id]
        if found.state != OpeningState.OPEN:
            raise Refused(f"it is {found.state}, not open", where=opening_id)
        options = "directConnection=true&authSource=admin"
        shell = f"mongosh 'mongodb://{found.user}@{found.address}/?{options}'"
        return Connection(opening_id, "mongodb://…", shell, PASSWORD)

    def extend_opening(self, opening_id: str, hours: float) -> OpeningView:
        self._ask("extend_opening", opening_id, hours)
        return self._set_opening(opening_id, until=NOW + timedelta(hours=hours))

    def close_opening(self, opening_id: str) -> OpeningView:
        self._ask("close_opening", opening_id)
        return self._set_opening(opening_id, state="closing", address="")

    def revoke_link(self, link_id: str) -> LinkView:
        self._ask("revoke_link", link_id)
        self.kept_links[link_id] = replace(self.kept_links[link_id], state="revoked", ended_at=NOW)
        return self.kept_links[link_id]

    def seed(
        self, restore_id: str, set_name: str, members: Sequence[str], uri: Secret | None,
        task: Task,
    ) -> SeedView:  # fmt: skip
        self._ask("seed", restore_id, set_name, tuple(members), uri)
        lines = commands(seed_of(set_name, members), "/srv/restores/orders-before", "6.0")
        return SeedView(restore_id, set_name, tuple(members), tuple(lines), begun=False)

    def _set_opening(self, id_: str, **changes: object) -> OpeningView:
        changed = replace(self.kept_openings[id_], **changes)  # type: ignore[arg-type]
        self.kept_openings[id_] = changed
        return changed

"""Snapshots and moments opened for reading: listed, asked, closed."""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bson import json_util
from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from mmsconsole.errors import Refused, UsageError
from mmsconsole.metadata.codec import Document
from mmsconsole.metadata.openings import WANTED, Opening, OpeningState
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.source_errors import source_errors
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.opening_views import (
    Connection,
    FoundDocuments,
    OpenedCollection,
    OpeningView,
)
from mmsconsole.task import Task

log = logging.getLogger(__name__)

LIMIT, LIMIT_MAX = 20, 10_000
BYTES_MAX = 64 << 20
"""Of an answer, as text: ten thousand documents may have 160 GB."""
FIND_SECONDS = 300
"""A question without an index may read everything."""
ANSWER_SECONDS = 10
LOOK_SECONDS = 0.2
"""Between two looks whether nobody wants the answer any more."""
HOURS_MAX = 24 * 31


@dataclass(frozen=True, slots=True)
class Question:
    """Of the documents of one collection; filter, sort and projection as extended JSON objects."""

    namespace: str
    filter: str = "{}"
    sort: str = ""
    projection: str = ""
    skip: int = 0
    limit: int = LIMIT
    bytes_max: int = 0
    """Of the answer, give or take one document; 0: BYTES_MAX."""


def listed(desk: Desk) -> list[OpeningView]:
    """Newest first; those that have ended too."""
    return [_view(desk, opening) for opening in desk.metadata.openings.listed()]


def show(desk: Desk, id_: str) -> OpeningView:
    return _view(desk, desk.metadata.openings.get(id_))


def connection(desk: Desk, id_: str) -> Connection:
    """Raises Refused unless it is open. Who asks is written down."""
    opening = _open(desk, id_)
    address, user = Address.loopback(opening.port), opening.user
    _note(desk, opening, "opened snapshot's password shown")
    options = "directConnection=true&authSource=admin"
    return Connection(
        opening.id,
        f"mongodb://{user}:{opening.password.reveal()}@{address}/?{options}",
        f"mongosh 'mongodb://{user}@{address}/?{options}'",
        opening.password.reveal(),
    )


def close(desk: Desk, id_: str) -> OpeningView:
    """The engine ends its mongod, and removes its files. Raises Refused when it has ended."""
    opening = desk.metadata.openings.get(id_)
    wanted = {"_id": id_, "state": {"$in": list(WANTED)}}
    closing = desk.metadata.openings.set_where(
        wanted, state=OpeningState.CLOSING, reason=f"by {desk.actor.name}"
    )
    if closing is None:
        raise Refused(f"it is {opening.state} already", where=id_)
    _note(desk, opening, "opened snapshot closed by hand")
    return _view(desk, closing)


def extend(desk: Desk, id_: str, hours: float) -> OpeningView:
    """From now on so long. Raises UsageError, Refused."""
    if not 0 < hours <= HOURS_MAX:
        raise UsageError(f"hours: more than 0, at most {HOURS_MAX}", where=f"{hours:g}")
    until = desk.clock.now() + timedelta(hours=hours)
    wanted = {"_id": id_, "state": {"$in": list(WANTED)}}
    extended = desk.metadata.openings.set_where(wanted, until=until)
    if extended is None:
        raise Refused(f"it is {desk.metadata.openings.get(id_).state} already", where=id_)
    return _view(desk, extended)


def collections(desk: Desk, id_: str, task: Task) -> list[OpenedCollection]:
    """In order of their names; those of the server itself left out."""
    with _client(desk, id_) as client:
        return [
            one for database in sorted(client.list_database_names())
            if database not in ("local", "config")
            for one in _collections_of(client, database, task)
        ]  # fmt: skip


def _collections_of(
    client: MongoClient[Document], database: str, task: Task
) -> Iterator[OpenedCollection]:
    for found in sorted(client[database].list_collections(), key=lambda one: str(one["name"])):
        task.check()
        name, kind = str(found["name"]), str(found["type"])
        counted = kind == "collection" and not name.startswith("system.")
        documents = client[database][name].estimated_document_count() if counted else None
        yield OpenedCollection(database, name, kind, documents)


def find(desk: Desk, id_: str, question: Question, task: Task) -> FoundDocuments:
    """Raises UsageError for what is no question, Refused, SourceError, Cancelled."""
    database, _, collection = question.namespace.partition(".")
    if not database or not collection:
        raise UsageError("a namespace is DATABASE.COLLECTION", where=repr(question.namespace))
    if not 0 < question.limit <= LIMIT_MAX or question.skip < 0:
        raise UsageError(f"a limit is 1 to {LIMIT_MAX}, a skip 0 or more")
    with _client(desk, id_) as client, ended_by(task, client) as session:
        cursor = client[database][collection].find(
            parsed(question.filter, "filter"),
            parsed(question.projection, "projection") or None,
            sort=list(parsed(question.sort, "sort").items()) or None, session=session,
            skip=question.skip, limit=question.limit + 1, max_time_ms=FIND_SECONDS * 1000,
        )  # fmt: skip
        return _page(cursor, question, task)


def _page(cursor: Iterable[Document], question: Question, task: Task) -> FoundDocuments:
    found: list[str] = []
    size = 0
    for document in cursor:
        task.check()
        full = size >= (question.bytes_max or BYTES_MAX)
        if full or len(found) == question.limit:
            return FoundDocuments(question.namespace, tuple(found), more=True)
        found.append(line_of(document))
        size += len(found[-1])
        task.report("reading", len(found), question.limit)
    return FoundDocuments(question.namespace, tuple(found), more=False)


@contextmanager
def ended_by(task: Task, client: MongoClient[Document]) -> Iterator[ClientSession]:
    """A session whose questions end at the server too when the task is cancelled: Cancelled."""
    over = threading.Event()
    with client.start_session() as session:
        asked = {"killSessions": [session.session_id]}

        def watch() -> None:
            while not over.wait(LOOK_SECONDS):
                if task.cancellation.requested:
                    _kill(client, asked)
                    return

        watching = threading.Thread(target=watch, name="cancelled question", daemon=True)
        watching.start()
        try:
            yield session
        except PyMongoError:
            task.check()
            raise
        finally:
            over.set()
            watching.join()


def parsed(text: str, what: str) -> dict[str, Any]:
    """An extended JSON object; empty text is an empty one. Raises UsageError."""
    try:
        value = json_util.loads(text) if text.strip() else {}
    except (ValueError, TypeError, BSONError) as error:
        hint = 'names of fields stand in double quotes: {"_id": 5}'
        raise UsageError(
            f"this {what} is no extended JSON: {error}", where=text, hint=hint
        ) from error
    if not isinstance(value, dict):
        raise UsageError(f"a {what} is an object: {{…}}", where=text)
    return value


def line_of(document: Mapping[str, Any]) -> str:
    """Canonical: mongoimport gives back the very types."""
    return json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS)


def _kill(client: MongoClient[Document], asked: Document) -> None:
    try:
        client.admin.command(asked)
    except PyMongoError as error:
        log.warning("a question could not be ended at the server, its time limit will: %s", error)


@contextmanager
def _client(desk: Desk, id_: str) -> Iterator[MongoClient[Document]]:
    opening = _open(desk, id_)
    address = Address.loopback(opening.port)
    client: MongoClient[Document] = MongoClient(
        address.host, address.port, directConnection=True, appname="mmsconsole",
        username=opening.user, password=opening.password.reveal(), tz_aware=True,
        datetime_conversion="DATETIME_AUTO", connectTimeoutMS=ANSWER_SECONDS * 1000,
        serverSelectionTimeoutMS=ANSWER_SECONDS * 1000,
        socketTimeoutMS=(FIND_SECONDS + ANSWER_SECONDS) * 1000,
    )  # fmt: skip
    with client, source_errors(str(address)):
        yield client


def _open(desk: Desk, id_: str) -> Opening:
    opening = desk.metadata.openings.get(id_)
    if opening.state is not OpeningState.OPEN:
        why = f": {opening.reason}" if opening.reason else ""
        hint = "see: mmsconsole query list"
        raise Refused(f"it is {opening.state}, not open{why}", where=id_, hint=hint)
    return opening


def _note(desk: Desk, opening: Opening, kind: str) -> None:
    deployment = desk.metadata.deployments.find(opening.deployment)
    if deployment is not None:
        desk.event(kind, f"{opening.id}, of {opening.optime}", deployment)


def _view(desk: Desk, opening: Opening) -> OpeningView:
    deployment = desk.metadata.deployments.find(opening.deployment)
    return OpeningView(
        opening.id, opening.deployment if deployment is None else deployment.name,
        opening.snapshot, opening.optime, opening.state.value,
        str(Address.loopback(opening.port)) if opening.port else "", opening.user, opening.until,
        opening.bytes, opening.created_at, opening.created_by, opening.closed_at, opening.reason,
    )  # fmt: skip

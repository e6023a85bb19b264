"""Transactions: small, long, aborted, over 16 MB, with DDL inside."""

from collections.abc import Callable

from pymongo.client_session import ClientSession

from tests.support.workload import documents
from tests.support.workload.world import ONE_MEMBER, Step, World

PIECES_OVER_16_MB = 20
LONG_SECONDS = 1.0


def _transaction(world: World, body: Callable[[ClientSession], None]) -> None:
    """Once: a clash with another worker ends it, and the server's refusal is counted."""
    with (
        world.client.start_session() as session,
        session.start_transaction(write_concern=ONE_MEMBER),
    ):
        body(session)


def small(world: World) -> None:
    """A few writes over two databases: one applyOps entry."""

    def body(session: ClientSession) -> None:
        key = world.key()
        world.own.hot.delete_one({"_id": key}, session=session)
        world.own.hot.insert_one(documents.common(world, key), session=session)
        world.other.hot.update_one({"_id": key}, {"$inc": {"n": 1}}, upsert=True, session=session)
        world.shared.hot.update_one(
            {"_id": world.key()}, {"$push": {"tags": "transaction"}}, session=session
        )

    _transaction(world, body)


def long(world: World) -> None:
    """Open for a while, with other workers' entries before its own in the oplog."""

    def body(session: ClientSession) -> None:
        number = world.next()
        world.own.slow.insert_one({"_id": number, "part": 1}, session=session)
        world.rest(LONG_SECONDS)
        world.own.slow.update_one({"_id": number}, {"$inc": {"part": 1}}, session=session)
        world.own.slow.delete_one({"_id": number - 5}, session=session)

    _transaction(world, body)


def aborted(world: World) -> None:
    with world.client.start_session() as session:
        session.start_transaction(write_concern=ONE_MEMBER)
        world.own.hot.insert_one({"_id": -world.next(), "never": "seen"}, session=session)
        world.own.hot.delete_many({"_id": {"$lt": 50}}, session=session)
        session.abort_transaction()


def over_16_mb(world: World) -> None:
    """Too much for one entry: a chain of them, joined by prevOpTime."""
    piece = documents.bulk(world, documents.MEGABYTE)

    def body(session: ClientSession) -> None:
        for number in range(PIECES_OVER_16_MB):
            change = {"$set": {"piece": piece, "of": world.serial}}
            world.own.pieces.update_one({"_id": number}, change, upsert=True, session=session)

    world.next()
    _transaction(world, body)


def with_ddl(world: World) -> None:
    """Creates a collection with an index and fills it, all in one transaction."""
    name = f"made_in_transaction_{world.random.randrange(3)}"
    world.own[name].drop()

    def body(session: ClientSession) -> None:
        made = world.own.create_collection(name, session=session)
        made.create_index("n", session=session)
        made.insert_many([{"n": number} for number in range(5)], session=session)

    _transaction(world, body)


def many_documents(world: World) -> None:
    """Hundreds of small operations in one entry."""
    start = world.random.randrange(200)

    def body(session: ClientSession) -> None:
        which = {"_id": {"$gte": start, "$lt": start + 200}}
        world.own.big.update_many(which, {"$inc": {"n": 1}}, session=session)

    _transaction(world, body)


STEPS: tuple[tuple[Step, int], ...] = (
    (small, 30),
    (long, 2),
    (aborted, 5),
    (over_16_mb, 1),
    (with_ddl, 3),
    (many_documents, 4),
)

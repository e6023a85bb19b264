"""The raw client against a real mongod."""

import bson
import pytest
from bson.datetime_ms import DatetimeMS

from mmsconsole.errors import CommandFailed, SourceUnreachable
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.wire import (
    PARTS_MAX,
    READ_ANYWHERE,
    WireConnection,
    cursor_batch,
    with_array,
)
from mmsconsole.rawbson import array_of, documents

MEGABYTE = 1 << 20
LARGEST_DOCUMENT = 16 * MEGABYTE


@pytest.fixture
def wire(standalone):
    with WireConnection.connect(standalone.options.listen, None, timeout_seconds=60) as connection:
        yield connection


@pytest.fixture
def database(standalone, request):
    """A database of the test's own on the shared standalone."""
    with standalone.client() as client:
        name = f"wire_{abs(hash(request.node.name)) % 10**8}"
        yield client[name]
        client.drop_database(name)


def command(**fields: object) -> list[bytes]:
    return [bson.encode({name.replace("db_", "$db"): value for name, value in fields.items()})]


def find(database, batch_size: int = 100) -> list[bytes]:
    return command(find="things", batchSize=batch_size, db_=database.name)


def get_more(database, cursor_id: int, batch_size: int = 100) -> list[bytes]:
    return command(
        getMore=bson.Int64(cursor_id), collection="things", batchSize=batch_size, db_=database.name
    )


def insert(database, array) -> list[bytes]:
    head = {"insert": "copies", "$db": database.name}
    return with_array(head, b"documents", array)


def batch_of(reply: bytearray) -> list[dict]:
    start = cursor_batch(reply).start
    return [bson.decode(reply[begin:end]) for begin, end in documents(reply, start)]


def test_a_small_command_is_answered(wire):
    assert wire.run("admin", {"ping": 1}) == {"ok": 1.0}


def test_the_greeting_is_kept(wire):
    assert wire.hello["isWritablePrimary"]


def test_batches_hold_every_document_in_order(wire, database):
    expected = [{"_id": number, "text": "x" * number} for number in range(1000)]
    database.things.insert_many(expected)

    reply = wire.call(find(database))
    found = batch_of(reply)
    while cursor_id := cursor_batch(reply).cursor_id:
        reply = wire.call(get_more(database, cursor_id))
        found += batch_of(reply)

    assert found == expected
    assert cursor_batch(reply).cursor_id == 0


def test_an_empty_collection_gives_an_empty_batch(wire, database):
    batch = cursor_batch(wire.call(find(database)))

    assert batch.empty
    assert batch.cursor_id == 0


def test_a_batch_is_inserted_as_it_came(wire, database):
    database.things.insert_many(
        {"_id": number, "deep": {"a": [1, None, "é"]}} for number in range(500)
    )

    reply = wire.call(find(database, batch_size=500))
    batch = cursor_batch(reply)
    answer = bson.decode(wire.call(insert(database, memoryview(reply)[batch.start : batch.end])))

    hashes = database.command("dbHash")["collections"]
    assert answer["n"] == 500
    assert hashes["copies"] == hashes["things"]


def test_documents_of_the_largest_size_pass_both_ways(wire, database):
    overhead = len(bson.encode({"_id": 0, "data": b""}))
    largest = {"_id": 0, "data": b"x" * (LARGEST_DOCUMENT - overhead)}
    raw = bson.encode(largest)
    assert len(raw) == LARGEST_DOCUMENT

    wire.call(with_array({"insert": "things", "$db": database.name}, b"documents", array_of([raw])))
    reply = wire.call(find(database))
    batch = cursor_batch(reply)
    wire.call(insert(database, memoryview(reply)[batch.start : batch.end]))

    assert database.copies.find_one() == largest


def test_a_command_may_have_more_parts_than_one_system_call_takes(wire, database):
    count = PARTS_MAX * 3
    array = array_of([bson.encode({"_id": number}) for number in range(count)])
    whole = b"".join(insert(database, array))
    size = len(whole) // count + 1
    parts = [memoryview(whole)[at : at + size] for at in range(0, len(whole), size)]
    assert len(parts) > PARTS_MAX

    wire.call(parts)

    assert database.copies.count_documents({}) == count


def test_answers_come_in_the_order_of_the_commands(wire):
    for number in range(5):
        wire.send(command(hello=1, comment=number, db_="admin"))
        wire.send(command(ping=1, db_="admin"))

    for _ in range(5):
        assert "isWritablePrimary" in bson.decode(wire.receive())
        assert bson.decode(wire.receive()) == {"ok": 1.0}


def test_a_refused_command_says_its_code_and_leaves_the_connection_usable(wire):
    with pytest.raises(CommandFailed) as caught:
        wire.run("admin", {"nonsense": 1})

    assert caught.value.server_code == 59
    assert caught.value.reply["codeName"] == "CommandNotFound"
    assert caught.value.where == str(wire.address)
    assert wire.run("admin", {"ping": 1})["ok"] == 1


def test_dates_that_python_can_not_hold_are_read(wire, database):
    late = {"_id": 1, "at": DatetimeMS(2**63 - 1)}
    wire.call(insert(database, array_of([bson.encode(late)])))
    reply = wire.run(database.name, {"find": "copies"})
    assert reply["cursor"]["firstBatch"] == [late]


def test_an_error_that_quotes_such_a_date_is_that_error(wire, database):
    database.copies.create_index("at", unique=True)
    wire.call(insert(database, array_of([bson.encode({"_id": 1, "at": DatetimeMS(2**63 - 1)})])))
    clash = {
        "op": "i",
        "ns": database.copies.full_name,
        "o": {"_id": 2, "at": DatetimeMS(2**63 - 1)},
    }
    with pytest.raises(CommandFailed) as caught:
        wire.run("admin", {"applyOps": [clash], "allowAtomic": False})
    assert caught.value.server_code == 11000


def test_a_secondary_answers_reads_that_may_go_anywhere(three_members):
    address = three_members.addresses[three_members.secondaries()[0]]
    with WireConnection.connect(address, None) as connection:
        with pytest.raises(CommandFailed) as caught:
            connection.run("admin", {"find": "system.version"})
        reply = connection.run("admin", {"find": "system.version", **READ_ANYWHERE})

    assert caught.value.server_code == 13435
    assert len(reply["cursor"]["firstBatch"]) == 1


def awaiting(connection: WireConnection, database) -> None:
    """Send a getMore that is not answered for twenty seconds."""
    database.create_collection("things", capped=True, size=4096)
    database.things.insert_one({})
    first = connection.call(
        command(find="things", tailable=True, awaitData=True, db_=database.name)
    )
    cursor_id = bson.Int64(cursor_batch(first).cursor_id)
    wait = {"getMore": cursor_id, "collection": "things", "maxTimeMS": 20_000}
    connection.send(command(**wait, db_=database.name))


def test_a_server_that_does_not_answer_in_time_is_given_up(wire, database):
    awaiting(wire, database)
    wire.timeout_seconds = 0.1

    with pytest.raises(SourceUnreachable, match="in time") as caught:
        wire.receive()

    assert caught.value.where == str(wire.address)


def test_a_server_that_dies_while_it_works_is_noticed(mongod):
    with WireConnection.connect(mongod.options.listen, None) as connection:
        with mongod.client() as client:
            awaiting(connection, client.dying)
        mongod.kill()

        with pytest.raises(SourceUnreachable):
            connection.receive()
        with pytest.raises(SourceUnreachable):
            connection.run("admin", {"ping": 1})


@pytest.mark.parametrize("address", [Address.loopback(1), Address("/nowhere/m.sock", 0)])
def test_where_nobody_listens_nobody_is_reached(address):
    with pytest.raises(SourceUnreachable) as caught:
        WireConnection.connect(address, None, timeout_seconds=1)

    assert caught.value.where == str(address)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 64, "a..b", "", "\udcff"])
def test_what_is_no_hosts_name_is_unreachable(host):
    with pytest.raises(SourceUnreachable):
        WireConnection.connect(Address(host, 1), None, timeout_seconds=5)

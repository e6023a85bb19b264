"""A process that writes at a steady rate and tells when what was acknowledged.

    python -m tests.benchmarks.writing URI WRITES_PER_SECOND SECONDS FILE

WRITES_PER_SECOND 0: as fast as it can, and SECONDS is the number of writes. Mixed writes, with
w: majority, from WRITERS threads, each on a collection of its own. Into FILE goes a line for
each bulk: the wall clock at its acknowledgement, the seconds and increment of its last entry,
and the number of its writes.
"""

import sys
import threading
import time
from itertools import count
from pathlib import Path
from typing import NamedTuple

from pymongo import MongoClient

from tests.benchmarks.oplog_load import Client, Load, write

WRITERS = 4
FIRST_DOCUMENTS = 2000
DOCUMENTS_MAX = 20_000
"""Of each collection: a long run shall not slow the source down."""
BULK_SECONDS = 0.04
"""How often each writer sends a bulk."""


class Acknowledged(NamedTuple):
    at: float
    """time.time()"""
    time: tuple[int, int]
    """Seconds and increment of the last entry of the bulk."""
    writes: int


def read_acknowledged(path: Path) -> list[Acknowledged]:
    """In the order of the entries."""
    words = (line.split() for line in path.read_text().splitlines())
    found = [Acknowledged(float(w[0]), (int(w[1]), int(w[2])), int(w[3])) for w in words]
    return sorted(found, key=lambda one: one.time)


def main(uri: str, rate: int, amount: int, path: Path) -> None:
    client: Client = MongoClient(uri, w="majority", retryWrites=True)
    loads = [Load(number, DOCUMENTS_MAX) for number in range(WRITERS)]
    for load in loads:
        load.of(client).drop()
        write(load.of(client), load.inserts(FIRST_DOCUMENTS))
    lines: list[str] = []
    threads = [
        threading.Thread(target=_run, args=(client, load, rate / WRITERS, amount, lines))
        for load in loads
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    path.write_text("".join(lines))


def _run(client: Client, load: Load, rate: float, amount: int, lines: list[str]) -> None:
    if not rate:
        _bulk(client, load, amount // WRITERS, lines)
        return
    size, began = round(rate * BULK_SECONDS), time.monotonic()
    for number in count():
        due = began + number * BULK_SECONDS
        time.sleep(max(0.0, due - time.monotonic()))
        if max(due, time.monotonic()) - began >= amount:
            return
        _bulk(client, load, size, lines)


def _bulk(client: Client, load: Load, size: int, lines: list[str]) -> None:
    with client.start_session() as session:
        write(load.of(client), load.mixed(size), session, ordered=False)
        last = session.operation_time
        assert last is not None
        lines.append(f"{time.time():.6f} {last.time} {last.inc} {size}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))

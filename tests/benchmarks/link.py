"""How fast a link's archive comes, beside what TLS alone takes in the same round.

    python -m tests.benchmarks.link [MEGABYTES] [ROUNDS] [--json FILE]

ours      a snapshot read from its store, verified, as a tar over HTTPS, by a link of its own
known     the same, its sha256 known already: as every download but a link's first
plain     bytes from memory by a bare socket of Python's ssl, 1 MiB at a time, the same certificate

The client is a process of its own that throws away what it reads. Told: MB/s, the median of the
rounds' ratios to plain, and the seconds from connecting to the first byte of the archive.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from mmsconsole.clock import SystemClock
from mmsconsole.engine.memory import bound_arenas
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.service.tls import identity_of, load, server_context
from tests.benchmarks.store_files import make_files
from tests.support.links import Desk, front_end, path_of
from tests.support.metadata import private_metadata, settings_of

PIECE_BYTES = 1 << 20
MEGABYTE = 1_000_000
CLOSE = "Connection: close\r\n\r\n"
LINE = (
    "{:8} {mb_per_second:7.0f} MB/s {ratio:6.2f} x plain, first byte {first_seconds:.3f} s, "
    "CPU {cpu_seconds_per_gb:.2f} s/GB"
)
STAGES = ("ours", "known", "plain")


@dataclass(frozen=True, slots=True)
class Took:
    bytes: int
    seconds: float
    first: float
    """Seconds from connecting to the first byte of the answer."""
    cpu: float
    """Seconds of processor of who sends, which a busy machine hardly changes."""

    @property
    def rate(self) -> float:
        return self.bytes / self.seconds / MEGABYTE


def taken(port: int, ca: str, request: bytes) -> Took:
    """By a client in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(os.getpid)  # it has started
        cpu = process_time()
        took = pool.apply(_take, (port, ca, request))
        return Took(*took, cpu=process_time() - cpu)


def _take(port: int, ca: str, request: bytes) -> tuple[int, float, float]:
    context = ssl.create_default_context(cafile=ca)
    buffer, total, first = bytearray(PIECE_BYTES), 0, 0.0
    began = perf_counter()
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(request)
        while count := connection.recv_into(buffer):
            first = first or perf_counter() - began
            total += count
    return total, perf_counter() - began, first


def plain_tls(desk: Desk, count: int) -> Took:
    """What nobody who sends by this library can avoid."""
    context, clock = server_context(), desk.clock
    identity = identity_of(desk.settings, clock.now())
    load(context, identity)
    data = os.urandom(PIECE_BYTES)
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            accepted, _ = listening.accept()
            with context.wrap_socket(accepted, server_side=True) as connection:
                connection.recv(100)
                for _ in range(count // PIECE_BYTES):
                    connection.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        found = taken(listening.getsockname()[1], str(identity.ca), b"x")
        thread.join()
    return found


def run(megabytes: int, rounds: int) -> dict[str, list[Took]]:
    folder = Path(tempfile.mkdtemp(prefix="mms-", dir="/tmp"))
    clock, binary = SystemClock(), find_binaries([], os.environ)[-1]
    try:
        with private_metadata(settings_of(folder / "m"), binary, clock) as metadata:
            return measured(Desk(metadata, folder, clock), folder / "head", megabytes, rounds)
    finally:
        shutil.rmtree(folder)


def measured(desk: Desk, root: Path, megabytes: int, rounds: int) -> dict[str, list[Took]]:
    """`root`: a folder that is not there yet."""
    make_files(root, megabytes)
    snapshot = desk.snapshot(root)
    with front_end(desk) as served:

        def ours(id_: str, sha256: str = "") -> Took:
            link = desk.link(snapshot, id_, sha256=sha256)
            request = f"GET {path_of(link)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            return taken(served.port, served.ca, request.encode())

        return _rounds(rounds, {
            "ours": lambda number: ours(f"a{number}"),
            "known": lambda number: ours(f"b{number}", "0" * 64),
            "plain": lambda _: plain_tls(desk, megabytes << 20),
        })  # fmt: skip


def _rounds(rounds: int, works: dict[str, Callable[[int], Took]]) -> dict[str, list[Took]]:
    found: dict[str, list[Took]] = {stage: [] for stage in STAGES}
    for number in range(rounds):
        for stage, work in works.items():
            found[stage].append(work(number))
    return found


def report(found: dict[str, list[Took]]) -> dict[str, dict[str, float]]:
    told = {}
    for stage, took in found.items():
        beside = zip(took, found["plain"], strict=True)
        told[stage] = {
            "mb_per_second": median(one.rate for one in took),
            "ratio": median(one.rate / plain.rate for one, plain in beside),
            "first_seconds": median(one.first for one in took),
            "cpu_seconds_per_gb": min(one.cpu / one.bytes * 1e9 for one in took),
        }
        print(LINE.format(stage, **told[stage]))
    return told


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("megabytes", nargs="?", type=int, default=1000)
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    bound_arenas()  # as the engine does
    told = report(run(asked.megabytes, asked.rounds))
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()

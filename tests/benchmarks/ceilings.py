"""The least that a stage could cost: the same bytes moved, hashed or packed, and nothing else."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bson
import zstandard

from mmsconsole.mongod.process import MongodProcess
from mmsconsole.mongod.wire import WireConnection, cursor_batch, with_array
from mmsconsole.stores.compression import Zstd
from mmsconsole.stores.objects import sha256_hex
from tests.benchmarks import dataset

CPUS = os.cpu_count() or 1
BLOCK_BYTES = 256 * 1024
BATCH_DOCUMENTS_MAX = 100_000
BATCH_BYTES = 10_000_000


def read(connection: WireConnection) -> int:
    """Every document of the data set over the wire, dropped; returns the bytes."""
    return sum(len(array) for _, array in _batches(connection))


def build(source: WireConnection, head: MongodProcess) -> int:
    """The batch arrays passed whole into a standalone mongod, then the indexes."""
    done = 0
    with WireConnection.connect(head.options.listen, None) as target:
        for name, array in _batches(source):
            command = {"insert": name, "ordered": False, "$db": dataset.DATABASE}
            target.call(with_array(command, b"documents", array))
            done += len(array)
    with head.client() as client:
        dataset.build_indexes(client)
    return done


def read_and_pack(connection: WireConnection) -> int:
    """Read, and what storing and reading back a slice takes of hashing and compression: the
    array compressed, the object hashed, hashed again, and decompressed.
    """
    done = 0
    zstd = Zstd(checksum=True)
    for _, array in _batches(connection):
        packed = zstd.compress_parts([array], len(array))
        for _ in range(2):
            sha256_hex(packed)
        zstd.decompress(b"".join(packed), len(array), "slice")
        done += len(array)
    return done


def hash_files(folder: Path, cores: int) -> int:
    """sha256 of every block."""
    return _each_block(folder, lambda block: hashlib.sha256(block).digest(), cores)


def hash_and_pack(folder: Path, cores: int) -> int:
    """sha256 and zstd level 1 of every block."""

    def work(block: bytes) -> None:
        hashlib.sha256(block).digest()
        zstandard.ZstdCompressor(level=1).compress(block)

    return _each_block(folder, work, cores)


def copy(folder: Path, target: Path) -> int:
    """cp -r."""
    subprocess.run(["cp", "-r", "--", str(folder), str(target)], check=True)
    return folder_bytes(target)


def copy_and_sync(folder: Path, target: Path) -> int:
    """cp -r, and what it wrote made to survive a power cut."""
    done = copy(folder, target)
    subprocess.run(["sync", "-f", str(target)], check=True)
    return done


def folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def _batches(connection: WireConnection) -> Iterator[tuple[str, memoryview]]:
    """(collection, batch array); the next batch is asked for before one is handed on."""
    for kind in dataset.KINDS:
        size = max(1, BATCH_BYTES // (kind.text_bytes + kind.noise_bytes + 60))
        size = min(size, BATCH_DOCUMENTS_MAX)
        find = {"find": kind.name, "batchSize": size, "noCursorTimeout": True}
        connection.send([bson.encode(find | {"$db": dataset.DATABASE})])
        while True:
            reply = connection.checked(connection.receive())
            batch = cursor_batch(reply)
            if batch.cursor_id:
                more = {"getMore": bson.Int64(batch.cursor_id), "collection": kind.name}
                command = more | {"batchSize": size, "$db": dataset.DATABASE}
                connection.send([bson.encode(command)])
            if not batch.empty:
                yield kind.name, memoryview(reply)[batch.start : batch.end]
            if not batch.cursor_id:
                break


def _each_block(folder: Path, work: object, cores: int) -> int:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    jobs = [(path, offset) for path in files for offset in range(0, path.stat().st_size, STRIDE)]

    def run(job: tuple[Path, int]) -> int:
        path, offset = job
        done = 0
        with path.open("rb") as file:
            file.seek(offset)
            while done < STRIDE and (block := file.read(BLOCK_BYTES)):
                work(block)  # type: ignore[operator]
                done += len(block)
        return done

    with ThreadPoolExecutor(cores) as pool:
        return sum(pool.map(run, jobs))


STRIDE = 32 * BLOCK_BYTES
"""What one thread takes at a time."""

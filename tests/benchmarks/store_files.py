"""What benchmarks of the blockstore share: files like a head's, and how time is taken."""

import hashlib
import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psutil
import zstandard

from mmsconsole.stores.blocks.block import BLOCK_BYTES
from mmsconsole.stores.blocks.packs import PACK_BYTES

READ_BYTES = 1 << 20
PAGE_BYTES = 4096
WRITTEN_MAX = 2_000_000_000
SYMBOLS = bytes(number % 40 for number in range(256))
"""Random bytes among 40: zstd 1 leaves about two thirds of them, at about the speed that it has
on a head which snappy has compressed."""


def make_files(root: Path, megabytes: int) -> None:
    """Files of the sizes that a head has: two large ones, some middling ones, many small ones."""
    chance = random.Random(1)
    sizes = {"collection-0.wt": 0.55, "index-1.wt": 0.3, "index-2.wt": 0.1, "sizeStorer.wt": 0.01}
    root.mkdir()
    for name, share in sizes.items():
        write_pages(root / name, int(megabytes * share * (1 << 20)) // PAGE_BYTES, chance)
    for number in range(100):
        write_pages(root / f"collection-{number + 10}.wt", chance.randint(1, 9), chance)


def write_pages(path: Path, pages: int, chance: random.Random) -> None:
    with path.open("wb") as file:
        for _ in range(pages):
            file.write(chance.randbytes(PAGE_BYTES).translate(SYMBOLS))


def read_all(files: list[Path], take: Callable[[bytes], object], size: int) -> None:
    for path in files:
        with path.open("rb", buffering=0) as file:
            while data := file.read(size):
                take(data)


def hash_all(files: list[Path]) -> None:
    digest = hashlib.sha256()
    read_all(files, digest.update, READ_BYTES)


def hash_and_pack_all(files: list[Path]) -> None:
    """What nobody who cuts files for the first time can avoid, in one thread, nothing kept."""
    hash_all(files)
    read_all(files, zstandard.ZstdCompressor(level=1).compress, BLOCK_BYTES)


def write_packs(folder: Path, total_bytes: int, writers: int) -> None:
    """What the disk alone takes for packs: files of 32 MB, each fsynced and closed, by so many
    threads; the bytes are at hand.
    """
    data = random.Random(1).randbytes(READ_BYTES)
    folder.mkdir()

    def write(at: int) -> None:
        with (folder / str(at)).open("wb", buffering=0) as file:
            for start in range(at, min(at + PACK_BYTES, total_bytes), READ_BYTES):
                file.write(data[: total_bytes - start])
            os.fsync(file.fileno())

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(0, total_bytes, PACK_BYTES)))


def seconds_of_disk(folder: Path, total_bytes: int) -> float:
    """Of the better of one and two writers; nothing is left. Of much a part is written, and the
    seconds are reckoned from that.
    """
    seconds, written = [], min(total_bytes, WRITTEN_MAX)
    for writers in (1, 2):
        os.sync()
        with spending() as spent:
            write_packs(folder, written, writers)
        seconds.append(spent.seconds)
        shutil.rmtree(folder)
    return min(seconds) * total_bytes / written


@dataclass
class Spent:
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Of this process and of the commands that it ran."""
    memory_mb: float = 0.0
    """The most that was resident, above what was before."""


@contextmanager
def spending() -> Iterator[Spent]:
    """What the block takes, told when it is over."""
    spent = Spent()
    with most_memory() as told:
        began, cpu = perf_counter(), sum(os.times()[:4])
        yield spent
        spent.seconds = perf_counter() - began
        spent.cpu_seconds = sum(os.times()[:4]) - cpu
    spent.memory_mb = told[0]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """As a document in Markdown has it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


@contextmanager
def most_memory() -> Iterator[list[float]]:
    """[the most MB resident above what was before], filled in at the end."""
    process, ended, told = psutil.Process(), threading.Event(), [0.0]
    before = process.memory_info().rss

    def watch() -> None:
        while not ended.wait(0.01):
            told[0] = max(told[0], (process.memory_info().rss - before) / 1e6)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield told
    finally:
        ended.set()
        watcher.join()

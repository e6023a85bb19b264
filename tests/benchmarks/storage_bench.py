"""What encryption costs, and how fast a store in a MongoDB is: packs of 32 MB, put and got.

    python -m tests.benchmarks.storage_bench [PACKS] [MEMBERS]

Every round does each thing once, so that a neighbour's load meets all of them. Told: the median of
MB/s, the median ratio to the plain folder in the same round, and the least CPU of this process.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.secret import Secret
from mmsconsole.storage.base import Storage
from mmsconsole.storage.encryption.encrypted import EncryptedStorage
from mmsconsole.storage.encryption.master_key import MasterKey
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.mongodb.url import open_mongo

PACK_BYTES = 32 << 20
PART_BYTES = 128 << 10
"""As blocks come from the compressor."""
RANGE_BYTES = 4 << 20
Rates = dict[str, list[tuple[float, float]]]
"""For each thing seconds and CPU seconds, round by round."""


def measured(storages: dict[str, Storage], packs: int) -> Rates:
    data = os.urandom(PACK_BYTES)
    parts = [data[at : at + PART_BYTES] for at in range(0, PACK_BYTES, PART_BYTES)]
    rates: Rates = {}
    for number in range(packs):
        key = f"packs/{number}"
        for name, storage in storages.items():
            note(rates, f"{name} put", storage.put, key, parts)
            note(rates, f"{name} get", storage.get, key)
            note(rates, f"{name} ranges", by_ranges, storage, key)
            storage.delete(key)
    return rates


def by_ranges(storage: Storage, key: str) -> None:
    for at in range(0, PACK_BYTES, RANGE_BYTES):
        storage.get_range(key, at, RANGE_BYTES)


def note(rates: Rates, what: str, work: Callable[..., object], *arguments: object) -> None:
    began, cpu = perf_counter(), process_time()
    work(*arguments)
    rates.setdefault(what, []).append((perf_counter() - began, process_time() - cpu))


def report(rates: Rates) -> None:
    for what, found in rates.items():
        plain = rates[f"folder {what.split()[-1]}"]
        ratio = median(ours[0] / least[0] for ours, least in zip(found, plain, strict=True))
        rate = PACK_BYTES / 1e6 / median(seconds for seconds, _ in found)
        cpu = min(cpu for _, cpu in found) * 1000
        print(f"{what:24} {rate:6.0f} MB/s {ratio:6.2f} x a plain folder  CPU {cpu:4.0f} ms")


def main(packs: int = 10, members: int = 1) -> None:
    folder = Path(tempfile.mkdtemp(prefix="mms-", dir="/tmp"))
    binary = find_binaries([], os.environ)[-1].path
    try:
        with LocalReplicaSet(binary, folder / "set", SystemClock(), members) as replica_set:
            master = MasterKey(os.urandom(32))
            mongo = open_mongo(Secret(replica_set.uri), timeout_seconds=60)
            report(
                measured(
                    {
                        "folder": LocalStorage(folder / "plain"),
                        "encrypted folder": EncryptedStorage(LocalStorage(folder / "e"), master),
                        "mongodb": mongo,
                    },
                    packs,
                )
            )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

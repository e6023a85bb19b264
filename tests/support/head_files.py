"""The files of a bench's head, and wrong bytes in them."""

from pathlib import Path

from tests.support.backups import Bench


def fill_with_blocks(bench: Bench) -> None:
    """app.c gets files of many blocks."""
    documents = [{"_id": n, "a": n, "s": f"{n:08d}" * 60} for n in range(3000)]
    bench.client.app.c.insert_many(documents)
    bench.client.app.c.create_index("a")


def file_of(bench: Bench, index: str = "") -> Path:
    """Of app.c in the head, or of one of its indexes; with all that was written so far."""
    with bench.head_client() as head:
        head.admin.command("fsync")
        stats = head.app.command("collStats", "c")
        stats = stats["indexDetails"][index] if index else stats["wiredTiger"]
    return Path(bench.head.path, stats["uri"].split(":")[-1] + ".wt")


def spoil(path: Path) -> None:
    """64 wrong bytes at three places around the middle: one may be in a block that a checkpoint
    has freed.
    """
    with path.open("r+b") as file:
        for eighths in (3, 4, 5):
            file.seek(path.stat().st_size * eighths // 8)
            found = file.read(64)
            file.seek(-64, 1)
            file.write(bytes(byte ^ 0xFF for byte in found))

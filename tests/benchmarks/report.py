"""The table that people read."""

from collections.abc import Sequence

from tests.benchmarks.stages import Row

HEADER = ("stage", "MB", "s", "MB/s", "engine", "source", "heads", "peak MB", "stored", "ratio")
NOTES = (
    "CPU in seconds: the engine's process (in a ceiling: the benchmark itself), the source's "
    "mongod, the mongods of heads and metadata. peak MB: the engine, resident. stored: MB. "
    "ratio: its seconds by those of its ceiling."
)


def table(rows: Sequence[Row]) -> str:
    cells = [HEADER, *(_cells(row, rows) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], "", NOTES])


def ratio(row: Row, rows: Sequence[Row]) -> float | None:
    """How many times its ceiling's seconds it took."""
    ceiling = next((other for other in rows if other.name == row.ceiling), None)
    return row.seconds / ceiling.seconds if ceiling is not None and ceiling.seconds else None


def _cells(row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    found = ratio(row, rows)
    own = row.cpu_seconds.get("engine") or row.cpu_seconds.get("ceiling", 0.0)
    return (
        row.name,
        _number(row.megabytes, 0),
        f"{row.seconds:.2f}",
        _number(row.megabytes / row.seconds if row.seconds else 0, 0),
        _number(own, 2),
        _number(row.cpu_seconds.get("source", 0.0), 2),
        _number(row.cpu_seconds.get("heads", 0.0), 2),
        _number(row.peak_mb, 0),
        "" if row.stored_mb is None else f"{row.stored_mb:.1f}",
        "" if found is None else f"{found:.2f} x {row.ceiling}",
    )


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if value else ""

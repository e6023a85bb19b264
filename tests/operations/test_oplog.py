"""The oplog browser reads what is stored, in either direction, and tells what is not there."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mmsconsole.errors import Cancelled, NotFound, OutsideWindow, UsageError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.oplog_views import OplogQuery, OplogRow
from mmsconsole.oplog.filters import made
from mmsconsole.optime import Optime
from mmsconsole.settings import Settings
from mmsconsole.task import Cancellation, Task
from tests.operations.oplog_fixtures import StoredOplog, optimes
from tests.operations.records import Daemon
from tests.support import oplog_entries as entries

WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)
Seconds = list[int]


@pytest.fixture
def oplog(metadata: Metadata, operations: Operations, synced: str) -> StoredOplog:
    return StoredOplog(metadata, operations._desk, synced)


@pytest.fixture
def nine(oplog: StoredOplog) -> StoredOplog:
    """Entries 100 to 108 in three chunks: inserts 1 to 6, an update, a drop, a delete."""
    oplog.put(
        [entries.insert(100 + n, {"_id": n, "qty": n}) for n in range(3)],
        [entries.insert(103 + n, {"_id": 3 + n, "qty": n}, ns="app.d") for n in range(3)],
        [
            entries.update(106, 1, {"u": {"qty": 9}}),
            entries.command(107, {"drop": "d"}),
            entries.delete(108, 2) | {"wall": WALL},
        ],
    )
    return oplog


def seconds(rows: tuple[OplogRow, ...]) -> Seconds:
    return [t for t, _ in optimes(rows)]


def test_all_is_read_from_either_end(operations: Operations, nine: StoredOplog) -> None:
    page = operations.oplog(nine.name)
    assert seconds(page.rows) == list(range(100, 109))
    assert (page.rows[0].row, page.goes_on) == ("beginning", None)
    back = operations.oplog(nine.name, OplogQuery(newest_first=True))
    assert seconds(back.rows) == list(range(108, 99, -1))
    assert (back.rows[-1].row, back.goes_on) == ("beginning", None)
    assert back.rows[0].wall == WALL
    assert (back.rows[1].kind, back.rows[1].ns) == ("drop", "app.d")


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_of_any_size_put_together_are_the_whole_each_entry_once(
    operations: Operations, nine: StoredOplog, newest_first: bool
) -> None:
    nine.put([entries.insert(210, {"_id": 1})], start=Optime(200, 1, 1), gap=True)
    whole = operations.oplog(nine.name, OplogQuery(newest_first=newest_first)).rows
    assert [row.row for row in whole].count("gap") == 1
    for limit in (1, 2, 3, 4, 9, 10):
        together = paged(operations, nine.name, newest_first, limit)
        assert optimes(together) == optimes(whole)
        assert {row.row for row in together} == {"entry", "gap", "beginning"}


def paged(operations: Operations, name: str, newest_first: bool, limit: int) -> list[OplogRow]:
    together: list[OplogRow] = []
    query: OplogQuery | None = OplogQuery(newest_first=newest_first, limit=limit)
    while query is not None:
        page = operations.oplog(name, query)
        together += page.rows
        bound = {"before" if newest_first else "after": page.goes_on}
        going_on = OplogQuery(newest_first=newest_first, limit=limit, **bound)  # type: ignore[arg-type]
        query = None if page.goes_on is None else going_on
    return together


BOUNDS: list[tuple[str, str, Seconds]] = [
    ("103:1", "105:1", [103, 104, 105]),
    ("103:1", "104:99", [103, 104]),
    ("before:103:1", "103:0", [102]),
    ("1970-01-01T00:01:43Z", "1970-01-01T00:01:44Z", [103, 104]),
    ("107:1", "", [107, 108]),
    ("", "101:1", [100, 101]),
    ("latest", "", [108]),
    ("105:1", "104:1", []),
    ("500:1", "", []),
]


@pytest.mark.parametrize("newest_first", [False, True])
def test_both_ends_of_a_stretch_are_included(
    operations: Operations, nine: StoredOplog, newest_first: bool
) -> None:
    query = OplogQuery(newest_first=newest_first)
    for first, last, expected in BOUNDS:
        rows = operations.oplog(nine.name, query, first=first, last=last).rows
        assert seconds(rows) == (expected[::-1] if newest_first else expected), (first, last)


FILTERS: list[tuple[str, Seconds]] = [
    ("app.d", [103, 104, 105, 107]), ("op=u", [106]), ("id=2", [102, 108]), ("qty=9", [106]),
    ("field=qty op=i app.c", [100, 101, 102]), ("op=destructive", [107]),
]  # fmt: skip


def test_only_what_was_asked_for_is_shown(operations: Operations, nine: StoredOplog) -> None:
    for filter_, expected in FILTERS:
        query = OplogQuery(wanted=made(filter_=filter_))
        assert seconds(operations.oplog(nine.name, query).rows) == expected, filter_


def test_a_page_ends_when_enough_was_read_and_the_next_one_goes_on(
    operations: Operations, nine: StoredOplog
) -> None:
    query = OplogQuery(wanted=made(filter_="op=d"), scan_bytes=1)
    page = operations.oplog(nine.name, query)
    assert (seconds(page.rows), page.goes_on) == ([], Optime(102, 1))
    back = operations.oplog(nine.name, OplogQuery(newest_first=True, scan_bytes=1))
    assert (seconds(back.rows), back.goes_on) == ([108, 107, 106], Optime(105, 1).after)


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_chunk_that_is_damaged_or_gone_is_a_row_and_reading_goes_on_behind_it(
    operations: Operations, nine: StoredOplog, settings: Settings, gone: bool, newest_first: bool
) -> None:
    nine.damage(nine.chunks()[1], settings, gone=gone)
    rows = operations.oplog(nine.name, OplogQuery(newest_first=newest_first)).rows
    (damaged,) = [row for row in rows if row.row == "damaged"]
    assert (damaged.optime, damaged.until) == (Optime(102, 1), Optime(105, 1))
    assert "3 entries can not be read" in damaged.change
    assert sorted(seconds(rows)) == [100, 101, 102, 106, 107, 108]


def test_what_the_first_store_can_not_give_is_read_from_the_second_one(
    operations: Operations, nine: StoredOplog, settings: Settings, metadata: Metadata
) -> None:
    (chunk, *_) = nine.chunks()
    data = (settings.home.storage / chunk.key).read_bytes()
    copy = settings.home.data / "second"
    (copy / chunk.key).parent.mkdir(parents=True)
    (copy / chunk.key).write_bytes(data)
    nine.damage(chunk, settings)
    assert "damaged" in [row.row for row in operations.oplog(nine.name).rows]
    with_copy = settings_with_copy(settings, copy)
    metadata.deployments.set(chunk.deployment, copy_to="second")
    again = Operations(
        metadata, with_copy, operations._desk.clock, operations._desk.actor,
        sources=operations._desk.sources,
    )  # fmt: skip
    assert seconds(again.oplog(nine.name).rows) == list(range(100, 109))


def settings_with_copy(settings: Settings, folder: Path) -> Settings:
    from mmsconsole.settings import HOME, load_settings

    file = settings.home.config / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'[stores.second]\nurl = "{folder}"\n')
    return load_settings({HOME: str(settings.home.data.parent)})


def test_a_gap_is_told_with_its_reason_and_an_open_one_too(
    operations: Operations, nine: StoredOplog, daemon: Daemon, metadata: Metadata
) -> None:
    daemon.snapshot(nine.name, Optime(101, 1))
    nine.put([entries.insert(210, {"_id": 1})], start=Optime(200, 1, 1), gap=True)
    daemon.snapshot(nine.name, Optime(205, 1))
    (gap,) = [row for row in operations.oplog(nine.name).rows if row.row == "gap"]
    assert (gap.optime, gap.until) == (Optime(108, 1), Optime(200, 1))
    assert gap.change == "no oplog is stored of that time"
    deployment = metadata.deployments.named(nine.name)
    metadata.deployments.set(
        deployment.id, backup=BackupState.RESYNC_REQUIRED, reason="the source's oplog went on"
    )
    last = operations.oplog(nine.name).rows[-1]
    assert (last.row, last.until, last.change) == ("gap", None, "the source's oplog went on")


def test_what_is_kept_no_longer_is_not_read_and_told(
    operations: Operations, nine: StoredOplog, metadata: Metadata
) -> None:
    metadata.deployments.set(nine.chunks()[0].deployment, oplog_from=Optime(102, 1))
    page = operations.oplog(nine.name)
    assert seconds(page.rows) == list(range(103, 109))
    assert "kept no longer" in page.rows[0].change
    back = operations.oplog(nine.name, OplogQuery(newest_first=True))
    assert seconds(back.rows) == list(range(108, 102, -1))
    assert "kept no longer" in back.rows[-1].change


def test_where_nothing_is_stored_there_are_no_rows(operations: Operations, synced: str) -> None:
    assert operations.oplog(synced).rows == ()
    assert operations.oplog(synced, OplogQuery(newest_first=True)).rows == ()
    assert operations.oplog_search(synced).found == ()
    rate = operations.oplog_rate(synced, count=5)
    assert (rate.counts, rate.stored) == ((None,) * 5, None)
    with pytest.raises(NotFound, match="no oplog is stored yet"):
        operations.oplog(synced, first="latest")


def test_a_page_without_end_is_refused(operations: Operations, synced: str) -> None:
    for limit in (0, -1, 10_001):
        with pytest.raises(UsageError):
            operations.oplog(synced, OplogQuery(limit=limit))


def test_reading_tells_how_far_it_is_and_can_be_cancelled(
    operations: Operations, nine: StoredOplog
) -> None:
    told: list[tuple[int, int | None]] = []
    cancellation = Cancellation()

    def report(phase: str, done: int, total: int | None) -> None:
        told.append((done, total))
        if len(told) == 2:
            cancellation.cancel()

    whole = sum(chunk.raw_bytes for chunk in nine.chunks())
    task = Task(cancellation, report)
    with pytest.raises(Cancelled):
        operations.oplog(nine.name, OplogQuery(wanted=made(filter_="op=x")), task=task)
    assert [total for _, total in told] == [whole, whole]


# -- one entry, and the moment before it --------------------------------------------------------


def test_one_entry_is_told_whole(operations: Operations, nine: StoredOplog) -> None:
    found = operations.oplog_entry(nine.name, Optime(107, 1))
    assert found.entry.kind == "drop"
    assert any('"drop": "d"' in line for line in found.text)


NOT_THERE: list[tuple[Optime, tuple[str, ...]]] = [
    (Optime(104, 7), ("104:1", "105:1")),
    (Optime(102, 2), ("102:1", "103:1")),
    (Optime(50, 1), ("100:1",)),
    (Optime(900, 1), ("108:1",)),
]


def test_an_entry_that_is_not_there_is_refused_with_its_neighbours(
    operations: Operations, nine: StoredOplog
) -> None:
    for at, near in NOT_THERE:
        with pytest.raises(NotFound, match="has no entry") as refused:
            operations.oplog_entry(nine.name, at)
        assert all(f"({one})" in refused.value.hint for one in near)


BEFORE = [
    ("before:107:1", Optime(106, 1)),
    ("before 107:1", Optime(106, 1)),
    ("BEFORE:103:1", Optime(102, 1)),
]


def test_just_before_an_entry_is_the_position_of_the_entry_before_it(
    operations: Operations, nine: StoredOplog, daemon: Daemon, tmp_path: Path
) -> None:
    daemon.snapshot(nine.name, Optime(101, 1))
    for at, point in BEFORE:
        plan = operations.plan_restore(nine.name, at=at, target=tmp_path / "r")
        assert plan.point == point
        assert f"({point})" in plan.in_words


def test_just_before_an_entry_that_is_not_there_is_refused(
    operations: Operations, nine: StoredOplog, daemon: Daemon, tmp_path: Path
) -> None:
    daemon.snapshot(nine.name, Optime(101, 1))
    with pytest.raises(NotFound, match="has no entry") as refused:
        operations.plan_restore(nine.name, at="before:104:2", target=tmp_path / "r")
    assert "(104:1) before it" in refused.value.hint


def test_just_before_an_entry_in_a_gap_of_the_window_names_both_sides(
    operations: Operations, nine: StoredOplog, daemon: Daemon, tmp_path: Path
) -> None:
    daemon.snapshot(nine.name, Optime(101, 1))
    nine.put([entries.insert(t, {"_id": t}) for t in (210, 211, 230)],
             start=Optime(200, 1, 1), gap=True)  # fmt: skip
    daemon.snapshot(nine.name, Optime(220, 1))
    with pytest.raises(OutsideWindow, match="gap") as refused:
        operations.plan_restore(nine.name, at="before:211:1", target=tmp_path / "r")
    assert "108:1" in refused.value.hint
    assert "220:1" in refused.value.hint


def test_so_long_ago_is_counted_from_now(
    operations: Operations, nine: StoredOplog, daemon: Daemon, tmp_path: Path
) -> None:
    daemon.snapshot(nine.name, Optime(101, 1))
    with pytest.raises(OutsideWindow, match=r"11:45:00Z [(]1772365500, whole second[)] is after"):
        operations.plan_restore(nine.name, at="15m ago", target=tmp_path / "r")


# -- what took data away ------------------------------------------------------------------------


@pytest.fixture
def destroyed(nine: StoredOplog) -> StoredOplog:
    """Behind the nine: 40 deletes over three chunks, from 300:1 on, then some quiet writes."""
    gone = [entries.delete(300, n) | {"ts": Optime(300 + n // 20, n % 20 + 1).timestamp}
            for n in range(40)]  # fmt: skip
    nine.put(gone[:10], gone[10:25], gone[25:])
    nine.put([entries.insert(400, {"_id": 1})])
    return nine


def test_drops_and_deletes_of_many_are_found_backwards(
    operations: Operations, destroyed: StoredOplog
) -> None:
    (first,) = operations.oplog_search(destroyed.name).found
    assert (first.kind, first.ns, first.count) == ("delete", "app.c", 40)
    assert (first.first, first.last) == (Optime(300, 1), Optime(301, 20))
    search = operations.oplog_search(destroyed.name, before=first.first)
    assert [(one.kind, one.ns, one.first.t) for one in search.found] == [("drop", "app.d", 107)]
    both = operations.oplog_search(destroyed.name, limit=9)
    assert [one.kind for one in both.found] == ["delete", "drop"]
    assert both.reached is None
    assert operations.oplog_search(destroyed.name, last="106:1").found == ()


def test_a_search_tells_what_it_could_not_look_into(
    operations: Operations, destroyed: StoredOplog, settings: Settings
) -> None:
    destroyed.damage(destroyed.chunks()[2], settings)
    search = operations.oplog_search(destroyed.name, limit=9)
    assert [one.kind for one in search.found] == ["delete"]
    assert [row.until for row in search.damaged] == [Optime(108, 1)]


# -- operations per second ----------------------------------------------------------------------


def test_the_rate_is_counted_exactly_where_the_stretch_is_short(
    operations: Operations, nine: StoredOplog
) -> None:
    inside = [entries.inner(entries.insert(1, {"_id": n})) for n in range(5)]
    nine.put([entries.transaction(109, {"applyOps": inside}), entries.noop(110)])
    rate = operations.oplog_rate(nine.name, first="100:1", last="111:9", count=6)
    assert (rate.counts, rate.seconds, rate.exact) == ((2, 2, 2, 2, 6, 0), 2.0, True)
    assert rate.start == datetime.fromtimestamp(100, UTC)
    assert rate.stored is not None
    assert rate.stored.end == Optime(110, 1)


def test_a_long_stretch_is_told_from_the_records_of_chunks(
    operations: Operations, nine: StoredOplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsconsole.operations.oplog_rate.EXACT_BYTES_MAX", 10)
    rate = operations.oplog_rate(nine.name, first="100:1", last="108:9", count=3)
    assert (rate.counts, rate.exact) == ((3, 3, 3), False)


def test_the_rate_shows_where_nothing_is_stored(operations: Operations, nine: StoredOplog) -> None:
    nine.put([entries.insert(210, {"_id": 1})], start=Optime(200, 1, 1), gap=True)
    rate = operations.oplog_rate(nine.name, first="90:0", last="219:0", count=13)
    assert rate.counts == (0, 9, *(None,) * 9, 0, 1)


def test_a_damaged_chunk_counts_as_its_record_tells(
    operations: Operations, nine: StoredOplog, settings: Settings
) -> None:
    nine.damage(nine.chunks()[1], settings)
    rate = operations.oplog_rate(nine.name, first="100:1", last="108:9", count=3)
    assert sum(count or 0 for count in rate.counts) == 9


def test_a_deployment_that_is_not_there_is_refused(operations: Operations) -> None:
    asks: list[Callable[[], object]] = [
        lambda: operations.oplog("nosuch"),
        lambda: operations.oplog_rate("nosuch"),
        lambda: operations.oplog_search("nosuch"),
        lambda: operations.oplog_entry("nosuch", Optime(1, 1)),
    ]
    for ask in asks:
        with pytest.raises(NotFound):
            ask()

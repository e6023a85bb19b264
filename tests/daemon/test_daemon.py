"""The daemon as a whole: it takes what it finds, and stops cleanly."""

from typing import Any

import pytest

from mmsconsole.daemon import daemon as module
from mmsconsole.errors import MetadataError
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.stores.resources import Resources
from tests.support.backups import Bench, wait_until
from tests.support.daemons import STOP_SECONDS, Daemons
from tests.support.processes import mongods_below


def test_a_daemon_takes_what_is_queued_and_keeps_the_backup_running(
    bench: Bench, daemons: Daemons
) -> None:
    bench.write(1)
    sync = daemons.queue(JobKind.INITIAL_SYNC)
    daemon = daemons.start()
    daemons.wait_done(sync)
    bench.write(2)
    bench.assert_head_equals_source()

    daemons.snapshot()
    assert daemon.failure is None


def test_a_stopped_daemon_leaves_no_mongod_and_the_next_one_goes_on(
    bench: Bench, daemons: Daemons
) -> None:
    bench.write(*range(2000), s="x" * 500)
    sync = daemons.queue(JobKind.INITIAL_SYNC)
    first = daemons.start()
    wait_until(lambda: mongods_below(bench.folder) or bench.metadata.jobs.get(sync.id).ended)
    first.stop(STOP_SECONDS)
    assert mongods_below(bench.folder) == []
    bench.write(5000)

    daemons.start()

    daemons.wait_done(sync)
    bench.assert_head_equals_source()


def test_a_daemon_looks_again_and_again_whether_people_must_be_warned(
    bench: Bench, daemons: Daemons, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Resources] = []
    monkeypatch.setattr(module, "WARNING_SECONDS", 0.1)
    monkeypatch.setattr(module, "tell_all_warnings", looked.append)
    daemons.start()
    wait_until(lambda: len(looked) >= 2)


def test_a_daemon_that_could_not_start_can_be_stopped(
    bench: Bench, daemons: Daemons, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any) -> None:
        raise MetadataError("the metadata database does not answer")

    monkeypatch.setattr(bench.metadata.heads, "all", away)
    daemon = daemons.make()
    with pytest.raises(MetadataError):
        daemon.start()

    daemon.stop(1)

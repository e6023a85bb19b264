import os
import subprocess

import pytest

from mmsconsole.mongod.address import Address
from mmsconsole.mongod.orphans import sweep_orphans
from mmsconsole.mongod.process import answers
from tests.support.gone import gone


@pytest.fixture
def orphan(short_folder, mongod_binary, clock):
    """orphan(name) -> the id of a mongod that runs without a guard, its data in folder/name."""
    started = []

    def start(name: str) -> int:
        dbpath = short_folder / name
        dbpath.mkdir(parents=True)
        command = [str(mongod_binary.path), "--dbpath", str(dbpath), "--bind_ip"]
        command += [str(dbpath / "m.sock"), "--nounixsocket", "--logpath", str(dbpath / "log")]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        while not answers(Address.unix(dbpath / "m.sock")):
            assert started[-1].poll() is None
            clock.sleep(0.02)
        return started[-1].pid

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_mongod_below_the_folders_is_found_and_ended(orphan, short_folder, clock):
    pid = orphan("heads/one")

    assert sweep_orphans([short_folder / "heads"], clock) == [pid]
    assert gone(pid, within_seconds=0)


def test_a_mongod_of_somebody_else_is_left_alone(orphan, short_folder, clock):
    pid = orphan("heads-of-others/one")

    assert sweep_orphans([short_folder / "heads"], clock) == []
    assert not gone(pid, within_seconds=0)


def test_folders_are_compared_where_their_links_lead(orphan, short_folder, clock):
    pid = orphan("heads/one")
    (short_folder / "link").symlink_to(short_folder / "heads")

    assert sweep_orphans([short_folder / "link"], clock) == [pid]


def test_a_process_that_only_mentions_a_dbpath_is_left_alone(short_folder, clock):
    command = ["/bin/sh", "-c", "read line", "mongod", "--dbpath", str(short_folder / "x")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)

    assert sweep_orphans([short_folder], clock) == []
    assert process.poll() is None
    process.communicate()


def test_what_does_not_end_in_time_is_killed(orphan, short_folder, clock):
    pid = orphan("heads/one")
    os.kill(pid, 19)  # SIGSTOP: it can not hear SIGTERM

    assert sweep_orphans([short_folder], clock, timeout_seconds=0.2) == [pid]
    assert gone(pid, within_seconds=0)

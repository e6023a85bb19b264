"""A real set, the engine that watches it, and the mails that people get."""

import pytest

from mmsconsole.mongod.binaries import MongodBinary
from tests.support.folders import short_folder_for
from tests.support.locking import lock
from tests.support.paused import held
from tests.support.watched import HOST_DOWN, LOCKED, NEW_PRIMARY, OPEN, OVER, Watched, watched

pytestmark = pytest.mark.xdist_group("product")


def test_mails_tell_of_a_member_that_dies_an_election_and_a_lock_once_and_of_their_ends(
    mongod_binary: MongodBinary,
) -> None:
    """The engine is killed meanwhile: nobody is told again."""
    with short_folder_for("mms-watch-") as folder, watched(folder, mongod_binary) as stage:
        stage.set_rule(HOST_DOWN, "--for", "0s")
        stage.set_rule(LOCKED, "--for", "0s")
        stage.close_after(0)
        stage.wait_well()
        the_primary_dies(stage)
        a_secondary_is_locked(stage)
        stage.wait_quiet()
        assert stage.told_wrongly() == []
        assert len(stage.mails) == len(stage.told), "a mail came twice"


def the_primary_dies(stage: Watched) -> None:
    source = stage.stage.source
    victim = source.primary()
    source.kill_member(victim)
    stage.wait_told(OPEN, HOST_DOWN, stage.host(victim))
    elected = stage.host(source.primary())
    stage.wait_told(OPEN, NEW_PRIMARY)
    assert f"{elected} was elected primary" in stage.told_text(NEW_PRIMARY)
    kill_engine_when_nothing_is_sent(stage)
    source.start_member(victim)
    stage.stage.start_engine()
    stage.wait_told(OVER, HOST_DOWN, stage.host(victim))
    stage.wait_well()


def kill_engine_when_nothing_is_sent(stage: Watched) -> None:
    """One that is killed amid a sending sends it again: that is for the long form."""
    engine = stage.stage.engine
    assert engine
    while True:
        stage.wait_sent()
        with held(engine.pid):
            if stage.all_sent():
                stage.stage.kill_engine()
                return


def a_secondary_is_locked(stage: Watched) -> None:
    index = stage.stage.source.secondaries()[0]
    with stage.stage.source.member_client(index) as client:
        lock(client)
        try:
            stage.wait_told(OPEN, LOCKED, stage.host(index))
        finally:
            client.admin.command("fsyncUnlock")
    stage.wait_told(OVER, LOCKED, stage.host(index))

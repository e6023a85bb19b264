"""A member that we reach and the others of its set do not. Polls are simulated here."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mmsconsole.mongod.source_uri import SourceUri
from mmsconsole.monitoring.answers import Answers
from mmsconsole.monitoring.collector import Poll
from mmsconsole.monitoring.discovery import Expected
from tests.monitoring.documents.sets import SECONDS, gone, member, set_status
from tests.monitoring.members import watching
from tests.monitoring.test_hung import Fine
from tests.support.backups import wait_until

LEADS, CUT_OFF = "a:27017", "b:27017"
SEEN: dict[str, list[dict[str, Any]]] = {
    LEADS: [member(LEADS, "PRIMARY", own=True), gone(CUT_OFF)],
    CUT_OFF: [gone(LEADS), member(CUT_OFF, at=SECONDS - 900, own=True)],
}


class Of(Fine):
    def poll(self, *, arbiter: bool) -> Answers:
        answers = Answers(self._host, datetime.now(UTC), 0.0, hello={"setName": "rs0"})
        return replace(answers, set_status=set_status(*SEEN[self._host]))


def poll_of(_: SourceUri, host: str) -> Poll:
    return Of(host)


def test_a_member_that_is_cut_off_is_told_so_and_lags_behind_what_the_primary_has_told() -> None:
    """By what it knows itself it is the newest, and has no lag for ever."""
    uri = f"mongodb://{LEADS},{CUT_OFF}"
    with watching(uri, Expected("rs0"), poll_of) as (seen, _):
        wait_until(lambda: seen.state(CUT_OFF).lag_seconds == 900.0)
        assert not seen.state(CUT_OFF).healthy
        wait_until(lambda: seen.state(LEADS).seen_at)
        assert seen.state(LEADS).lag_seconds == 0.0
        assert seen.state(LEADS).healthy

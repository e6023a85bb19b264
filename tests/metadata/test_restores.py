"""Records of restores: those of before targets had kinds, and those with everything."""

from dataclasses import replace

from mmsconsole.metadata.codec import from_document, to_document
from mmsconsole.metadata.restore_secrets import RestoreSecret
from mmsconsole.metadata.restores import UNFINISHED, Restore, RestoreState
from mmsconsole.metadata.targets import WHOLE, Selection, Target, TargetKind
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from tests.support.clock import ManualClock

NOW = ManualClock().now()
PLAIN = Restore("r", "d", "s", "/srv/r", NOW)
FULL = replace(
    PLAIN,
    target="ada@db1:/srv/r",
    where=Target(TargetKind.SSH, path="/srv/r", host="db1", user="ada", credential="c"),
    what=Selection(
        namespaces=("app",), renames=(("app", "app2"),), users=False, filters=(("app.a", "{}"),)
    ),
    point=Optime(7, 1),
    state=RestoreState.DELIVERING,
)


def test_a_record_with_everything_is_read_as_it_was_written() -> None:
    for record in (PLAIN, FULL):
        assert from_document(to_document(record), Restore) == record


def test_a_record_of_before_targets_had_kinds_is_one_into_its_folder() -> None:
    document = to_document(PLAIN)
    for added in ("where", "what", "delivered_bytes", "verified", "staging", "touched"):
        del document[added]
    found = from_document(document, Restore)
    assert found.where == Target(TargetKind.FOLDER, path="/srv/r")
    assert found.what == WHOLE
    assert found.what.is_whole
    assert not found.touched


def test_a_restore_that_delivers_has_not_ended() -> None:
    ended = {RestoreState.DONE, RestoreState.FAILED, RestoreState.CANCELLED}
    assert set(UNFINISHED) == set(RestoreState) - ended


def test_a_secret_is_kept_whole_and_shown_nowhere() -> None:
    kept = RestoreSecret("c", Secret("hunter2"), NOW)
    assert from_document(to_document(kept), RestoreSecret) == kept
    assert "hunter2" not in repr(kept)

"""How long a snapshot is kept, and what its verification found: never a colour alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.console.glyphs import ASCII, UNICODE, Glyphs
from mmsconsole.console.present import keeping
from mmsconsole.console.present.text import Tone, plain
from mmsconsole.operations.views import SnapshotView
from tests.support import fake_data as data
from tests.support.fake_data import NOW

KEPT = replace(
    data.snapshots("orders")[5], kept_for=("base", "daily"), expires_at=NOW + timedelta(days=3)
)


def expires(**delta: float) -> SnapshotView:
    return replace(KEPT, expires_at=NOW + timedelta(**delta))


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (KEPT, "  2026-07-19"),
        (expires(hours=24), "◔ in 1d"),
        (expires(hours=23, minutes=59), "◔ in 23h"),
        (expires(minutes=42, seconds=30), "◔ in 42m"),
        (expires(seconds=20), "◔ in 1m"),
        (expires(seconds=-1), "◔ due"),
        (replace(KEPT, expires_at=None), "  no end"),
        (replace(KEPT, hold="audit"), "■ held"),
        (replace(expires(hours=1), hold="audit"), "■ held"),
        (replace(KEPT, state="running"), "-"),
        (replace(KEPT, state="deleting", hold="audit"), "-"),
        (replace(expires(hours=1), state="failed"), "  2026-07-16"),
    ],
)
def test_when_it_expires_in_a_cell(snapshot: SnapshotView, expected: str) -> None:
    assert plain(keeping.expiry(snapshot, NOW, UNICODE)) == expected


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_held_and_soon_differ_by_their_sign_and_their_word(glyphs: Glyphs) -> None:
    marks = [
        keeping.kept_mark(each, NOW, glyphs)
        for each in (replace(KEPT, hold="audit"), expires(hours=2), KEPT)
    ]
    assert marks[2] is None
    assert len({mark.sign for mark in marks if mark}) == 2
    assert [mark.word for mark in marks if mark] == ["held", "in 2h"]


@pytest.mark.parametrize(
    ("changes", "expected", "tone"),
    [
        ({"verdict": "good"}, "✓ good 07-15", Tone.GOOD),
        ({"verdict": "bad"}, "✗ bad 07-15", Tone.BAD),
        ({"verdict": ""}, "not yet", Tone.DIM),
        ({"verdict": "", "state": "failed"}, "-", Tone.DIM),
    ],
)
def test_the_verdict_in_a_cell_has_its_day(
    changes: dict[str, str], expected: str, tone: Tone
) -> None:
    at = NOW - timedelta(days=1)
    drawn = keeping.verdict(replace(KEPT, verified_at=at, **changes), UNICODE)  # type: ignore[arg-type]
    assert plain(drawn) == expected
    assert drawn[0].tone == tone


def test_how_long_and_why_in_words() -> None:
    told = keeping.kept_sentence(KEPT, NOW)
    assert told == "kept until 2026-07-19 12:04:30Z (in 3d) for base, daily"
    due = replace(expires(hours=-1), kept_for=())
    assert keeping.kept_sentence(due, NOW).startswith("nothing keeps it since 2026-07-16 11:04:30Z")
    held = replace(KEPT, hold="audit of July")
    assert keeping.kept_sentence(held, NOW) == "held until it is released: audit of July"


def test_a_bad_verdict_says_what_differed() -> None:
    bad = replace(KEPT, verdict="bad", verified_at=NOW, verdict_text="app.carts: 2 differ")
    told = keeping.verdict_sentence(bad)
    assert told == "BAD, verified 2026-07-16 12:04:30Z: app.carts: 2 differ"

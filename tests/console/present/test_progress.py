"""Bars and numbers of a phase."""

from dataclasses import replace

import pytest

from mmsconsole.console.glyphs import ASCII, UNICODE
from mmsconsole.console.present import progress
from mmsconsole.console.present.text import Page, Tone, cells, plain
from mmsconsole.daemon import removing
from mmsconsole.restore.live import comparing
from mmsconsole.restore.seeding import initiating
from mmsconsole.stores.check import repairing
from mmsconsole.stores.groom import sweeping
from tests.support import fake_data as data
from tests.support.fake_data import MB, NOW

PAGE = Page(80, 24, NOW, UNICODE)


def test_a_bar_fills_by_eighths_of_a_cell() -> None:
    drawn = [plain(progress.bar(n / 16, 2, UNICODE, Tone.BUSY)) for n in (0, 1, 8, 15, 16)]
    assert drawn == ["░░", "▏░", "█░", "█▉", "██"]


@pytest.mark.parametrize("fraction", [0.0, 0.03, 0.5, 0.999, 1.0])
def test_a_bar_keeps_its_width(fraction: float) -> None:
    for glyphs in (UNICODE, ASCII):
        assert cells(progress.bar(fraction, 17, glyphs, Tone.BUSY)) == 17


def test_amount_rate_and_time_left() -> None:
    phase = data.progress("building", 25_100 * MB, 48_200 * MB, 38, rate=112.0 * MB, eta=206)
    assert plain(progress.numbers(phase, PAGE)) == "25 GB of 48 GB  112 MB/s  3m 26s left"


def test_an_unknown_total_shows_no_percentage() -> None:
    assert "?" in plain(progress.phase_line(data.progress("transferring", MB, None, 5), PAGE))


def test_a_phase_that_stands_still_says_for_how_long() -> None:
    phase = data.progress("building", MB, 2 * MB, 200, rate=9.0 * MB, eta=1, updated=74)
    assert plain(progress.numbers(phase, PAGE)).endswith("no progress for 1m 14s")


def test_a_phase_that_is_paused_says_why_and_fits_its_line() -> None:
    note = "paused: the source's cache is 22 % dirty"
    phase = replace(data.progress("transferring", MB, 2 * MB, 200, rate=9.0 * MB), note=note)
    drawn = progress.phase_line(phase, PAGE)
    assert plain(drawn).endswith(note)
    assert cells(drawn) <= 80


@pytest.mark.parametrize(
    "phase",
    [comparing.PHASE, initiating.PHASE, removing.PHASE, repairing.LOOKING,
     repairing.PHASE, sweeping.PHASE],
)  # fmt: skip
def test_what_counts_things_is_not_told_in_bytes(phase: str) -> None:
    assert progress.amount_of(data.progress(phase, 3, 5, 1), 3) == "3"


def test_documents_are_counted_and_not_weighed() -> None:
    phase = data.progress("fetching missing documents", 1200, 4800, 10, rate=40.0)
    assert plain(progress.numbers(phase, PAGE)).startswith("1200 of 4800  40/s")


def test_a_total_that_was_too_small_never_shows_more_than_all() -> None:
    assert progress.share(data.progress("building", 3 * MB, 2 * MB, 5)) == 1.0


def test_the_phase_under_way_stands_for_the_job() -> None:
    found = progress.overall(data.SYNCING.progress)
    assert found is not None
    assert found.phase == "building"
    assert progress.overall(()) is None


@pytest.mark.parametrize("width", [80, 132])
def test_a_phase_fits_its_line(width: int) -> None:
    page = Page(width, 24, NOW, UNICODE)
    for phase in data.SYNCING.progress:
        assert cells(progress.phase_line(phase, page)) <= width

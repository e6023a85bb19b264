"""Stores: the list, and what is known of the chosen one in a few lines."""

from collections.abc import Sequence

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present.jobs import PHASES_SHOWN
from mmsconsole.console.present.overview import labelled
from mmsconsole.console.present.progress import phase_line
from mmsconsole.console.present.status import Mark, copy_mark, job_mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, line, rule, wrap
from mmsconsole.console.present.words import NONE, ago, plural, since, size
from mmsconsole.console.reached import Reached
from mmsconsole.console.state import StoreSituation
from mmsconsole.operations.check_views import CheckView
from mmsconsole.operations.store_views import PoolSpace
from mmsconsole.operations.views import CopyView

DETAIL_LINES = 9
COLUMNS = (
    Column("STORE", 10, grow=1),
    Column("STATE", 12),
    Column("STORED", 8, right=True),
    Column("DEAD", 8, right=True),
    Column("SAVED", 8, right=True),
    Column("FREE", 8, right=True),
    Column("CHECKED", 9, right=True),
)
WIDE_COLUMNS = (*COLUMNS, Column("PLACE", 30, grow=3), Column("FOR", 14, grow=1))


def columns(page: Page) -> tuple[Column, ...]:
    return WIDE_COLUMNS if page.wide else COLUMNS


def row(situation: StoreSituation, reached: Reached | None, page: Page) -> Row:
    store, check = situation.store, situation.check
    free = None if reached is None else reached.free_bytes
    looked = bool(situation.stats.pools)
    cells: tuple[Line, ...] = (
        (Span(store.name, Tone.TITLE),),
        store_mark(situation, reached, page.glyphs).line,
        (Span(size(store.stored_bytes) if looked else NONE),),
        (Span(size(store.dead_bytes) if looked else NONE, Tone.DIM),),
        (Span(_ratio(situation.stats.pools), Tone.DIM),),
        (Span(NONE if free is None else size(free)),),
        (Span("never" if check is None else ago(check.finished_at, page.now), Tone.DIM),),
    )
    if not page.wide:
        return Row(situation.id, cells)
    kept = ", ".join([*store.deployments, *(f"{each} (copy)" for each in store.copies)])
    return Row(situation.id, (*cells, (Span(store.url),), (Span(kept or NONE, Tone.DIM),)))


def store_mark(situation: StoreSituation, reached: Reached | None, glyphs: Glyphs) -> Mark:
    if situation.damage is not None:
        return Mark(glyphs.bad, "damaged", Tone.BAD)
    if reached is None:
        return Mark(glyphs.todo, "being asked", Tone.DIM)
    if reached.error:
        return Mark(glyphs.bad, "away", Tone.BAD)
    return Mark(glyphs.good, "answers", Tone.GOOD)


def _ratio(pools: Sequence[PoolSpace]) -> str:
    """Raw bytes of all snapshots for each living one."""
    living = sum(pool.living_bytes for pool in pools)
    return f"{sum(pool.raw_bytes for pool in pools) / living:.1f} to 1" if living else NONE


def detail(situation: StoreSituation, reached: Reached | None, page: Page) -> list[Line]:
    """Below the table: DETAIL_LINES lines about the row under the cursor."""
    store = situation.store
    lines = [
        rule(store.name, page, store.url),
        *error_lines(reached, page)[:1],
        *job_brief(situation, page),
        *(space_line(pool) for pool in situation.stats.pools),
        *(groom_line(pool, page) for pool in situation.stats.pools),
        check_line(situation.check, page),
        *damage_line(situation.damage, page),
        *(copy_line(copy, page) for copy in store.copy_states),
        labelled("for", ", ".join(store.deployments) or Span("no deployment", Tone.DIM)),
    ]
    return lines[:DETAIL_LINES]


def error_lines(reached: Reached | None, page: Page) -> list[Line]:
    """Why the place does not answer."""
    if reached is None or not reached.error:
        return []
    told = wrap(f"{reached.error} ({since(reached.at, page.now)})", page.width - 16, Tone.BAD)
    return [labelled("away", told[0]), *(labelled("", each) for each in told[1:])]


def job_brief(situation: StoreSituation, page: Page) -> list[Line]:
    """The job that works here now, with how far it is."""
    lines: list[Line] = []
    for job in situation.jobs[-1:]:
        mark = job_mark(job, page.glyphs)
        of = f" of {job.deployment}" if job.deployment else ""
        lines.append(labelled(job.kind, mark.line, Span(of, Tone.DIM)))
        lines += [phase_line(each, page) for each in job.progress[-PHASES_SHOWN:]][-1:]
    return lines


def space_line(pool: PoolSpace) -> Line:
    kept = f"{size(pool.living_bytes)} living, {size(pool.dead_bytes)} dead"
    saved = f"{size(pool.saved_bytes)} of {size(pool.raw_bytes)} saved"
    return labelled("space", kept, Span(f"  {saved}, {pool.ratio:.1f} to 1", Tone.DIM))


def groom_line(pool: PoolSpace, page: Page) -> Line:
    """When it was groomed last, and what that gave back."""
    if pool.groomed_at is None:
        return labelled("last groom", Span("never", Tone.DIM))
    at = ago(pool.groomed_at, page.now)
    before, dead = pool.stored_bytes_before, pool.dead_bytes_before
    if before is None or dead is None:
        return labelled("last groom", at)
    to = f" {page.glyphs.arrow} "
    stored = f"{size(before)}{to}{size(pool.stored_bytes)} stored"
    gone = f"{size(dead)}{to}{size(pool.dead_bytes)} dead"
    return labelled("last groom", at, f"  {stored}, ", gone)


def check_line(check: CheckView | None, page: Page) -> Line:
    if check is None:
        return labelled("last check", Span("never", Tone.DIM))
    mark = check_mark(check, page.glyphs)
    looked = f"  {plural(check.objects, 'object')}, {check.share:.0%} read whole"
    at = ago(check.finished_at, page.now)
    return labelled("last check", mark.line, f"  {at}", Span(looked, Tone.DIM))


def check_mark(check: CheckView, glyphs: Glyphs) -> Mark:
    if check.good:
        return Mark(glyphs.done, "well", Tone.GOOD)
    return Mark(glyphs.bad, "damaged", Tone.BAD)


def damage_line(damage: CheckView | None, page: Page) -> list[Line]:
    if damage is None or not damage.findings:
        return []
    first, more = damage.findings[0], damage.found - 1
    others = f", and {more} more" if more else ""
    text = f"{first.key} is {first.fault}{others}"
    return [labelled("damaged", wrap(text, page.width - 16, Tone.BAD)[0])]


def copy_line(copy: CopyView, page: Page) -> Line:
    """One second copy: behind by how much, or why it waits."""
    mark = copy_mark(copy, page.glyphs)
    why = f"  {copy.error}" if copy.error else ""
    return labelled("second copy", Span(copy.deployment), "  ", mark.line, Span(why, Tone.WARN))


def bar_of(part: int, whole: int, width: int, glyphs: Glyphs) -> Line:
    """The part filled, the rest as a track."""
    full = 0 if whole <= 0 else round(part / whole * width)
    return line(
        Span(glyphs.bars[-1] * full, Tone.GOOD), Span(glyphs.track * (width - full), Tone.DIM)
    )

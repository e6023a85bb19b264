"""One store: its jobs, the space in it, its copies, and what its last check found."""

from collections.abc import Sequence

from mmsconsole.console.actions import key_of
from mmsconsole.console.present.jobs import job_lines
from mmsconsole.console.present.overview import labelled
from mmsconsole.console.present.status import copy_mark
from mmsconsole.console.present.stores import (
    bar_of,
    check_line,
    error_lines,
    groom_line,
    store_mark,
)
from mmsconsole.console.present.table import Column, Row, draw_header, draw_row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.words import ago, moment, moment_of, plural, size
from mmsconsole.console.reached import Reached
from mmsconsole.console.state import StoreSituation
from mmsconsole.metadata.checks import Fault
from mmsconsole.operations.check_views import CheckView, FindingView, RemedyView, RepairView
from mmsconsole.operations.store_views import DeploymentSpace, PoolSpace
from mmsconsole.operations.views import CopyView

BAR_CELLS = 24
FINDINGS_SHOWN = 50
SNAPSHOTS_NAMED = 6
REMEDY_LINES = 3

SPACE_COLUMNS = (
    Column("DEPLOYMENT", 14, grow=1),
    Column("SNAPSHOTS", 9, right=True),
    Column("FILES", 8, right=True),
    Column("STORED", 8, right=True),
    Column("SAVED", 8, right=True),
    Column("RATIO", 9, right=True),
)


def draw(situation: StoreSituation, reached: Reached | None, page: Page) -> list[Line]:
    """Any number of lines: the view scrolls."""
    pools = situation.stats.pools
    return [
        (),
        line(" ", store_mark(situation, reached, page.glyphs).line),
        (),
        *_place(situation, reached, page),
        *job_lines(situation.jobs, page),
        *(each for pool in pools for each in _space(pool, page)),
        *([] if pools else _no_figures(page)),
        *_copies(situation.store.copy_states, page),
        *_check(situation, page),
    ]


def _place(situation: StoreSituation, reached: Reached | None, page: Page) -> list[Line]:
    store = situation.store
    free = None if reached is None else reached.free_bytes
    asked = "" if reached is None else f"  asked {ago(reached.at, page.now)}"
    known = "not known" if free is None else size(free)
    return [
        labelled("place", store.url),
        *error_lines(reached, page),
        labelled("free", known, Span(asked, Tone.DIM)),
        labelled("for", ", ".join(store.deployments) or Span("no deployment", Tone.DIM)),
    ]


def _no_figures(page: Page) -> list[Line]:
    told = f"Nobody has looked yet: the first groom does. Press {key_of('store.groom')} for one."
    return [rule("space", page), *indent(wrap(told, page.width - 2, Tone.DIM), 1)]


def _space(pool: PoolSpace, page: Page) -> list[Line]:
    saved = f"{size(pool.saved_bytes)} of {size(pool.raw_bytes)}, {pool.ratio:.1f} to 1"
    return [
        rule(f"space of the group {pool.group}", page, f"looked {ago(pool.at, page.now)}"),
        labelled("stored", f"{size(pool.stored_bytes)} in {plural(pool.packs, 'pack')}"),
        _part("living", pool.living_bytes, pool, "snapshots need it", page),
        _part("dead", pool.dead_bytes, pool, "no snapshot needs it", page),
        labelled("saved", saved, Span("  by compression and by storing nothing twice", Tone.DIM)),
        groom_line(pool, page),
        *_orphans(pool),
        (),
        draw_header(SPACE_COLUMNS, page),
        *(draw_row(SPACE_COLUMNS, _share(one), page, cursor=False) for one in pool.deployments),
    ]


def _part(label: str, part: int, pool: PoolSpace, why: str, page: Page) -> Line:
    percent = 0 if not pool.stored_bytes else round(100 * part / pool.stored_bytes)
    bar = bar_of(part, pool.stored_bytes, BAR_CELLS, page.glyphs)
    return labelled(label, bar, f" {percent:3d}%  {size(part):>7}", Span(f"  {why}", Tone.DIM))


def _orphans(pool: PoolSpace) -> list[Line]:
    if not pool.orphans:
        return []
    told = f"{plural(pool.orphans, 'object')}, {size(pool.orphan_bytes)}"
    why = "  no record knows them; grooms delete them after a while"
    return [labelled("left over", told, Span(why, Tone.DIM))]


def _share(one: DeploymentSpace) -> Row:
    texts = (
        str(one.snapshots),
        size(one.raw_bytes),
        size(one.stored_bytes),
        size(one.saved_bytes),
        f"{one.ratio:.1f} to 1",
    )
    return Row(
        one.deployment, ((Span(one.deployment, Tone.TITLE),), *((Span(each),) for each in texts))
    )


def _copies(copies: Sequence[CopyView], page: Page) -> list[Line]:
    if not copies:
        return []
    return [
        rule("second copies kept here", page),
        *(each for copy in copies for each in _copy(copy, page)),
    ]


def _copy(copy: CopyView, page: Page) -> list[Line]:
    oplog = f"oplog up to {moment_of(copy.oplog_end)}" if copy.oplog_end else "no oplog yet"
    level = f", all snapshots {moment(copy.level_at)}" if copy.level_at else ""
    mark = copy_mark(copy, page.glyphs)
    lines = [
        line(" ", mark.line, "  ", Span(copy.deployment, Tone.TITLE)),
        *indent(wrap(f"{oplog}{level}", page.width - 4, Tone.DIM), 3),
    ]
    if copy.error:
        since = f" (since {moment(copy.since)})" if copy.since else ""
        lines += indent(wrap(f"{copy.error}{since}", page.width - 4, Tone.WARN)[:2], 3)
    return lines


def _check(situation: StoreSituation, page: Page) -> list[Line]:
    check, damage = situation.check, situation.damage
    lines = [rule("check", page), check_line(check, page)]
    if check is None:
        lines.append(labelled("", Span(f"press {key_of('store.check')} for one", Tone.DIM)))
    elif check.share < 1 and damage is None:
        told = "the next check reads others whole, and so on, until all were"
        lines.append(labelled("", Span(told, Tone.DIM)))
    return lines if damage is None else [*lines, *_damage(damage, page)]


def _damage(damage: CheckView, page: Page) -> list[Line]:
    shown = damage.findings[:FINDINGS_SHOWN]
    found = f"{plural(damage.found, 'object')}, found {moment(damage.finished_at)}"
    lines = [rule("damaged", page, found), *(each for one in shown for each in _finding(one, page))]
    if damage.found > len(shown):
        more = damage.found - len(shown)
        told = f"and {more} more: mmsconsole store check {damage.store} --last"
        lines.append(line(" ", Span(told, Tone.DIM)))
    return [*lines, rule("what to do", page), *_advice(damage, page)]


def _finding(finding: FindingView, page: Page) -> list[Line]:
    """The object, what is wrong with it, and what that hurts."""
    width = page.width - 4
    sign = Span(f" {page.glyphs.bad} {finding.fault}  ", Tone.BAD)
    return [
        line(sign, finding.key),
        *indent(wrap(finding.said, width, Tone.DIM)[:2], 3),
        *indent(wrap(hurt(finding), width)[:3], 3),
    ]


def hurt(finding: FindingView) -> str:
    """What the object takes with it, in words."""
    parts = []
    if finding.snapshots:
        named = ", ".join(finding.snapshots[:SNAPSHOTS_NAMED])
        more = len(finding.snapshots) - SNAPSHOTS_NAMED
        others = f" and {more} more" if more > 0 else ""
        noun = "snapshot" if len(finding.snapshots) == 1 else "snapshots"
        parts.append(f"{noun} {named}{others} can not be restored whole")
    if finding.after is not None and finding.until is not None:
        parts.append(
            f"{finding.deployment} can not be restored to moments after "
            f"{moment_of(finding.after)}, through {moment_of(finding.until)}, until its next "
            "snapshot"
        )
    return "; ".join(parts) or "no snapshot, and no moment of a window, needs it"


def remedies(plan: RepairView, count: int, page: Page) -> list[Line]:
    """What becomes of each object, those that are left first; at most so many lines."""
    lines: list[Line] = []
    for told, one in enumerate(plan.objects):
        drawn = _remedy(one, page)
        if len(lines) + len(drawn) >= count:
            more = plan.repaired + plan.left - told
            return [*lines, line("  ", Span(f"and {more} more", Tone.WARN))]
        lines += drawn
    return lines


def _remedy(one: RemedyView, page: Page) -> list[Line]:
    sign, tone, told = page.glyphs.done, Tone.GOOD, one.source
    if one.left:
        sign, tone, told = page.glyphs.bad, Tone.BAD, one.left
    name = one.key.rpartition("/")[2]
    first, *others = wrap(f"{name}: {told}", page.width - 2, tone)[:REMEDY_LINES]
    return [line(Span(f"{sign} ", tone), first), *indent(others, 2)]


def _advice(damage: CheckView, page: Page) -> list[Line]:
    """In the order in which it helps."""
    advice = [
        f"Press {key_of('store.repair')}: what is damaged is taken again from a head, a second "
        "copy or the source, where it is still there. It shows first what it finds."
    ]
    if any(one.fault == Fault.MISSING for one in damage.findings):
        advice.append("What is missing may be in the trash, or an older version, of the place "
                      "itself: put back there under its name, all is well again.")  # fmt: skip
    advice += [
        "Restore what is hurt from another snapshot, or from a second copy, while there is one.",
        f"Take a new snapshot of the deployment ({key_of('snapshot.take')} in its views), so that "
        "there is a good one to begin from, and look for what spoiled the place.",
        f"Then check again and read all of it ({key_of('store.check')}, 100).",
    ]
    numbered = []
    for number, text in enumerate(advice, start=1):
        first, *others = wrap(text, page.width - 4)
        numbered += [line(" ", Span(f"{number} ", Tone.DIM), first), *indent(others, 3)]
    return numbered

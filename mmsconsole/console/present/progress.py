"""Progress: a bar, how much, how fast, how long still, and whether it moves at all."""

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present.text import Line, Page, Span, Tone, cells, fit, line
from mmsconsole.console.present.words import duration, size
from mmsconsole.metadata.jobs import PhaseProgress

STALLED_SECONDS = 10
"""Progress older than this is said to be so: it tells a hanging job from a slow one."""
NAME_CELLS = 26
BAR_CELLS_MAX = 40
NUMBERS_CELLS = 38


COUNTED = (
    "documents", "indexes", "entries", "collections", "records", "deployments", "packs", "objects",
    "heads", "members",
)  # fmt: skip
"""A phase whose name has one of these words counts them instead of bytes."""


def share(progress: PhaseProgress) -> float | None:
    """0 to 1; None while the total is not known."""
    if progress.finished:
        return 1.0
    if not progress.total:
        return None
    return min(1.0, max(0.0, progress.done / progress.total))


def overall(progress: tuple[PhaseProgress, ...]) -> PhaseProgress | None:
    """The phase that is under way, or the last one."""
    running = [phase for phase in progress if not phase.finished]
    return running[0] if running else (progress[-1] if progress else None)


def bar(fraction: float | None, width: int, glyphs: Glyphs, tone: Tone) -> Line:
    if fraction is None:
        return (Span(glyphs.track * width, Tone.DIM),)
    steps = len(glyphs.bars) - 1
    eighths = round(fraction * width * steps)
    full, part = divmod(eighths, steps)
    filled = glyphs.bars[-1] * full + (glyphs.bars[part] if part else "")
    return line(Span(filled, tone), Span(glyphs.track * (width - len(filled)), Tone.DIM))


def amount_of(progress: PhaseProgress, count: float) -> str:
    counted = any(word.strip("()") in COUNTED for word in progress.phase.split())
    return f"{count:.0f}" if counted else size(count)


def numbers(progress: PhaseProgress, page: Page) -> Line:
    """What stands right of the bar: amount, rate and time left, or how long nothing came."""
    if progress.finished:
        took = duration((progress.updated_at - progress.started_at).total_seconds())
        done = f"{amount_of(progress, progress.done)}  " if progress.done else ""
        return line(done, Span(f"in {took}", Tone.DIM))
    if progress.note:
        return line(Span(progress.note, Tone.WARN))
    amount = amount_of(progress, progress.done)
    if progress.total:
        amount += f" of {amount_of(progress, progress.total)}"
    still = (page.now - progress.updated_at).total_seconds()
    if still > STALLED_SECONDS:
        return line(amount, "  ", Span(f"no progress for {duration(still)}", Tone.WARN))
    left = "" if progress.eta_seconds is None else f"  {duration(progress.eta_seconds)} left"
    return line(
        amount, Span(f"  {amount_of(progress, progress.rate)}/s", Tone.DIM), Span(left, Tone.ACCENT)
    )


def phase_line(progress: PhaseProgress, page: Page) -> Line:
    """Sign, name, bar, percentage, numbers: one line of `page.width`."""
    glyphs = page.glyphs
    done = progress.finished
    sign = Span(glyphs.done, Tone.GOOD) if done else Span(glyphs.here, Tone.BUSY)
    name = Span(progress.phase, Tone.TEXT if done else Tone.TITLE)
    name_cells = NAME_CELLS if page.wide else 17
    told = numbers(progress, page)
    room = page.width - name_cells - 4 - 6 - max(cells(told), NUMBERS_CELLS)
    fraction = share(progress)
    percent = "   ?" if fraction is None else f"{int(fraction * 100):3d}%"
    drawn = bar(
        fraction, max(6, min(BAR_CELLS_MAX, room)), glyphs, Tone.GOOD if done else Tone.BUSY
    )
    return line(
        " ", sign, " ", fit((name,), name_cells, glyphs.ellipsis), drawn, f" {percent}  ", told
    )


def waiting_line(phase: str, page: Page) -> Line:
    """A phase that has not begun."""
    return line(" ", Span(page.glyphs.todo, Tone.DIM), " ", Span(phase, Tone.DIM))


def small(progress: PhaseProgress | None, width: int, glyphs: Glyphs) -> Line:
    """A bar with its percentage for a table's cell."""
    if progress is None:
        return ()
    fraction = share(progress)
    percent = "   ?" if fraction is None else f"{int(fraction * 100):3d}%"
    return line(bar(fraction, max(1, width - 5), glyphs, Tone.BUSY), f" {percent}")

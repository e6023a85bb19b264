"""The machines that members run on: what they are, and how busy and how full."""

from collections.abc import Sequence

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present.measures import measure
from mmsconsole.console.present.overview import labelled
from mmsconsole.console.present.progress import bar
from mmsconsole.console.present.spark import of_member, told
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.words import NONE, age, sentence
from mmsconsole.monitoring.metrics import Unit
from mmsconsole.operations.monitoring_views import HostView, SeriesView

DETAIL_LINES = 10
BAR_CELLS = 20
FULL_PERCENT, FULLER_PERCENT = 80.0, 90.0
SPARK_CELLS, WIDE_SPARK = 30, 60

CPU, MEMORY, DISK = "host_cpu_percent", "host_memory_percent", "host_disk_used_percent"
CPU_PARTS = (
    ("host_cpu_user_percent", "user"), ("host_cpu_system_percent", "system"),
    ("host_cpu_iowait_percent", "iowait"), ("host_cpu_steal_percent", "steal"),
)  # fmt: skip


def columns(page: Page) -> tuple[Column, ...]:
    narrow = (
        Column("MACHINE", 16, grow=2),
        Column("MEMBERS", 7, right=True),
        Column("CPU", 6, right=True),
        Column("MEMORY", 6, right=True),
        Column("DISK FULL", 15),
        Column("BUSY", 6, right=True),
        Column("SEEN", 5, right=True),
    )
    if not page.wide:
        return narrow
    return (*narrow, Column("READS", 9, right=True), Column("WRITES", 9, right=True),
            Column("IN", 10, right=True), Column("OUT", 10, right=True))  # fmt: skip


def row(host: HostView, page: Page) -> Row:
    values = host.values

    def of(name: str, unit: Unit) -> Line:
        return (Span(measure(values.get(name), unit)),)

    cells: tuple[Line, ...] = (
        (Span(host.name, Tone.TITLE),),
        (Span(str(len(host.members))),),
        of(CPU, Unit.PERCENT),
        of(MEMORY, Unit.PERCENT),
        _fill(values.get(DISK), 8, page.glyphs),
        of("host_disk_busy_percent", Unit.PERCENT),
        (Span(age(host.seen_at, page.now), Tone.DIM),),
    )
    if page.wide:
        cells = (*cells, of("host_disk_read_iops", Unit.PER_SECOND),
                 of("host_disk_write_iops", Unit.PER_SECOND),
                 of("host_network_in", Unit.BYTES_PER_SECOND),
                 of("host_network_out", Unit.BYTES_PER_SECOND))  # fmt: skip
    return Row(host.name, cells)


def _fill(percent: float | None, width: int, glyphs: Glyphs) -> Line:
    if percent is None:
        return (Span(NONE, Tone.DIM),)
    tone = Tone.BAD if percent >= FULLER_PERCENT else Tone.GOOD
    if FULL_PERCENT <= percent < FULLER_PERCENT:
        tone = Tone.WARN
    sign = f" {glyphs.warn}" if percent >= FULL_PERCENT else ""
    filled = bar(min(1.0, percent / 100), width, glyphs, tone)
    return line(filled, Span(f" {percent:3.0f}%{sign}", tone))


def above(hosts: Sequence[HostView], page: Page) -> list[Line]:
    full = [host.name for host in hosts if host.values.get(DISK, 0.0) >= FULL_PERCENT]
    if not full:
        return []
    text = f"a disk is nearly full: {', '.join(full)}"
    return [line(" ", Span(f"{page.glyphs.warn} {sentence(text)}", Tone.WARN))]


def detail(host: HostView, cpu: Sequence[SeriesView], page: Page) -> list[Line]:
    width = WIDE_SPARK if page.wide else SPARK_CELLS
    lines = [rule(host.name, page, ", ".join(host.members)), *_info(host, page)]
    if host.values:
        lines += [
            labelled("CPU, an hour", told(of_member(cpu, host.members[0]), width, page)),
            labelled("CPU now", _parts(host)),
            labelled("memory", _memory(host)),
            labelled("data's disk", _fill(host.values.get(DISK), BAR_CELLS, page.glyphs),
                     _left(host)),
            labelled("disks", _disks(host)),
            labelled("network", _network(host)),
        ]  # fmt: skip
    else:
        text = (
            "CPU, memory and disks are not known: the server collects no diagnostic data, or its "
            "user lacks the role clusterMonitor."
        )
        lines += indent(wrap(text, page.width - 2, Tone.DIM), 1)
    if host.missing:
        missing = sentence("not told: " + "; ".join(host.missing))
        lines += indent(wrap(missing, page.width - 2, Tone.WARN)[:1], 1)
    return lines[:DETAIL_LINES]


def _info(host: HostView, page: Page) -> list[Line]:
    if not host.info:
        return []
    facts = f" {page.glyphs.dot} ".join(f"{key} {value}" for key, value in host.info.items())
    return indent(wrap(facts, page.width - 2)[: 2 if host.values else 4], 1)


def _now(host: HostView, name: str, unit: Unit) -> str:
    return measure(host.values.get(name), unit)


def _parts(host: HostView) -> str:
    whole = _now(host, CPU, Unit.PERCENT)
    parts = ", ".join(f"{word} {_now(host, name, Unit.PERCENT)}" for name, word in CPU_PARTS
                      if name in host.values)  # fmt: skip
    return f"{whole} busy" + (f": {parts}" if parts else "")


def _memory(host: HostView) -> str:
    available = _now(host, "host_memory_available", Unit.BYTES)
    total = _now(host, "host_memory_total", Unit.BYTES)
    swap = _now(host, "host_swap_used", Unit.BYTES)
    return f"{available} of {total} available, {swap} of swap used"


def _left(host: HostView) -> Span:
    left = host.values.get("host_disk_available")
    return Span("" if left is None else f"  {measure(left, Unit.BYTES)} left", Tone.DIM)


def _disks(host: HostView) -> str:
    busy = _now(host, "host_disk_busy_percent", Unit.PERCENT)
    reads = _now(host, "host_disk_read_iops", Unit.PER_SECOND)
    writes = _now(host, "host_disk_write_iops", Unit.PER_SECOND)
    each = _now(host, "host_disk_read_latency_ms", Unit.MILLISECONDS)
    of_write = _now(host, "host_disk_write_latency_ms", Unit.MILLISECONDS)
    return f"{busy} busy, {reads} reads of {each}, {writes} writes of {of_write}"


def _network(host: HostView) -> str:
    received = _now(host, "host_network_in", Unit.BYTES_PER_SECOND)
    return f"{received} in, {_now(host, 'host_network_out', Unit.BYTES_PER_SECOND)} out"

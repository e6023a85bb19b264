"""What stands where there is nothing yet: why, and which key comes next."""

from collections.abc import Mapping

from mmsconsole.console.actions import key_of
from mmsconsole.console.present.text import Line, Span, Tone, indent, line, wrap
from mmsconsole.console.present.words import plural, sentence

WIDTH = 70


def _key(action: str) -> Span:
    return Span(key_of(action), Tone.KEY)


def _step(number: str, *parts: str | Span) -> Line:
    return line("   ", Span(number, Tone.DIM), "  ", *parts)


def no_deployments() -> list[Line]:
    return [
        (),
        line("   ", Span("No deployment is backed up yet.", Tone.TITLE)),
        (),
        _step("1", "press ", _key("deployment.add"), " and give a replica set's name and URI"),
        _step("2", "press ", _key("backup.start"), " to start its backup: an initial sync copies"),
        _step(" ", "it, and from then on every change is kept"),
        _step("3", "press ", _key("restore.new"), " to have any second of it back in a folder"),
        (),
        line("   ", Span("No MongoDB at hand? ", Tone.DIM), "mmsconsole demo",
             Span(" starts one that works for its living.", Tone.DIM)),
    ]  # fmt: skip


def strangers(stores: Mapping[str, int]) -> list[Line]:
    """Nothing is known, and the stores hold something: the metadata database was lost."""
    told = [
        _step("!", f"the store {store} holds {plural(count, 'deployment')}; in a shell: ",
              Span(f"mmsconsole store rebuild {store}", Tone.KEY))
        for store, count in stores.items()
    ]  # fmt: skip
    return [
        (),
        line("   ", Span("This engine knows no deployment, and its stores do.", Tone.TITLE)),
        (),
        *told,
        _step(" ", "makes the metadata anew: deployments, snapshots, policies, stored oplog"),
    ]


def no_snapshots() -> list[Line]:
    return [
        (),
        line("   ", Span("No snapshot yet.", Tone.TITLE)),
        (),
        line("   The first is taken when the initial sync is done; ", _key("snapshot.take"),
             " takes one now."),
    ]  # fmt: skip


def no_stores() -> list[Line]:
    return [(), line("   ", Span("No store is named in the settings.", Tone.TITLE))]


def no_jobs() -> list[Line]:
    return [
        (),
        line("   ", Span("No jobs.", Tone.TITLE)),
        (),
        line("   Initial syncs, snapshots and restores appear here while they run, and after."),
    ]


def no_restores() -> list[Line]:
    return [
        (),
        line("   ", Span("Nothing was restored yet.", Tone.TITLE)),
        (),
        line("   On a deployment, ", _key("restore.new"), " restores a snapshot or any second of"),
        line("   the window to a folder. It changes nothing in the source."),
    ]


def no_oplog() -> list[Line]:
    return [
        (),
        line("   ", Span("No oplog is stored yet.", Tone.TITLE)),
        (),
        line("   It is from the start of the backup on; ", _key("backup.start"),
             " on the deployment starts it."),
    ]  # fmt: skip


def nothing_open() -> list[Line]:
    return [
        (),
        line("   ", Span("Nothing is open for reading.", Tone.TITLE)),
        (),
        line("   ", _key("moment.open"), " opens a moment; on a snapshot, ", _key("snapshot.open"),
             " opens that one. A mongod that nobody"),
        line("   can write to runs on it for as long as you say; it is browsed here, or asked"),
        line("   by mongosh and any driver on this machine."),
    ]  # fmt: skip


def no_collections() -> list[Line]:
    return [(), line("   ", Span("There is nothing in it.", Tone.TITLE))]


def no_documents(chosen: bool) -> list[Line]:
    told = "No document is like that." if chosen else "There are no documents in it."
    return [(), line("   ", Span(told, Tone.TITLE))]


def no_links() -> list[Line]:
    return [
        (),
        line("   ", Span("No links yet.", Tone.TITLE)),
        (),
        line("   A restore can be given out as a link: a tar file that is downloaded once,"),
        line("   or as often as you say, until it expires. ", _key("restore.new"),
             " on a deployment makes one."),
    ]  # fmt: skip


def no_events() -> list[Line]:
    return [(), line("   ", Span("Nothing happened yet.", Tone.TITLE))]


def no_monitoring(why: str) -> list[Line]:
    """`why`: as HealthView tells it."""
    return [
        (),
        line("   ", Span("Nothing is known of its members.", Tone.TITLE)),
        (),
        *indent(wrap(sentence(why), WIDTH), 3),
    ]


def no_pins() -> list[Line]:
    return [
        (),
        line("   ", Span("No chart is pinned.", Tone.TITLE)),
        (),
        line("   On a chart, ", _key("chart.pin"), " pins it; ", _key("chart.pins"),
             " goes back to the chart."),
    ]  # fmt: skip


def nothing_runs(collections: bool, *, filtered: bool) -> list[Line]:
    told = "No collection is busy." if collections else "Nothing runs that takes time."
    if filtered:
        told = "Nothing is like that; an empty filter shows all again."
    return [(), line("   ", Span(told, Tone.TITLE))]


def no_hosts() -> list[Line]:
    return [(), line("   ", Span("No machine is known yet.", Tone.TITLE))]

"""mmsconsole restore …"""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.exits import by_verdict
from mmsconsole.cli.options import Id, Name, OptionalName, Wait, Yes, command, group, grouped
from mmsconsole.cli.restore_options import (
    SelectionOptions,
    TargetOptions,
    selection_of,
    target_of,
)
from mmsconsole.cli.shell import Shell

if TYPE_CHECKING:
    from mmsconsole.metadata.targets import Target
    from mmsconsole.operations.link_views import LinkOffer
    from mmsconsole.operations.views import RestorePlan

app = group("restore", "Restore a snapshot, or any point of the window.")

Snapshot = Annotated[
    str | None, typer.Option("--snapshot", metavar="ID", help="The snapshot as it is.")
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="POINT",
        help="RFC 3339 time with its zone, SECONDS:INCREMENT, before:SECONDS:INCREMENT, or "
        "latest; up to and including it.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and do nothing.")]


@command(
    app,
    examples=(
        "mmsconsole restore start shop --at latest --to-folder /srv/r --wait",
        "mmsconsole restore start shop --at 2026-11-20T14:03:00Z --to-folder /srv/r",
        "mmsconsole restore start shop --at before:1795177128:4 --to-tar /srv/r.tar",
        "mmsconsole restore start shop --snapshot f0cdb584c68c --to-link --hours 4",
        "mmsconsole restore start shop --at latest --to-archive r.archive --ns app",
        "mmsconsole restore start shop --at latest --to-live test --rename app=app2",
    ),
)
@grouped(where=TargetOptions, what=SelectionOptions)
def start(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    name: Name,
    snapshot: Snapshot = None,
    at: At = None,
    dry_run: DryRun = False,
    wait: Wait = False,
    yes: Yes = False,
    *,
    where: TargetOptions,
    what: SelectionOptions,
) -> Answer:
    """Restore to a place of your choice: exactly one."""
    shell: Shell = context.obj
    target, secret = target_of(shell, where)
    selection = selection_of(what)
    operations = shell.operations()
    planned = operations.plan_restore(
        name, snapshot=snapshot, at=at, target=target, selection=selection, secret=secret
    )
    if dry_run:
        return Answer(planned)
    _tell(shell, planned)
    _confirm(shell, target, planned, yes=yes)
    base, moment = planned.exactly
    restore = operations.start_restore(
        name, snapshot=base, at=moment, target=target, selection=selection, secret=secret
    )
    offer = restore.offer
    _tell_link(shell, offer)
    if wait:
        from mmsconsole.cli.waiting import restored

        restore = replace(restored(shell, operations, restore), offer=offer)
    return Answer(restore, exit_code=by_verdict(differs=restore.differs))


def _tell_link(shell: Shell, offer: "LinkOffer | None") -> None:
    """Each on a line of its own, as it is to be pasted. With --json they are in the answer."""
    if offer is None or shell.as_json:
        return
    for note in offer.notes:
        shell.tell(f"note: {note}")
    shell.tell("the link, told this once and kept nowhere, to be downloaded when it is ready by:")
    shell.tell(offer.curl)
    shell.tell(f"its sha256: {offer.sha256_url}")


def _tell(shell: Shell, planned: "RestorePlan") -> None:
    what = "" if planned.what == "everything" else f"{planned.what}: "
    shell.tell(f"restoring to {planned.target}: {what}{planned.in_words}")
    for note in planned.notes:
        shell.tell(f"note: {note}")


def _confirm(shell: Shell, target: "Target", planned: "RestorePlan", *, yes: bool) -> None:
    """Only what changes something that runs has to be."""
    if planned.kind != "live":
        return
    drops = "; what is there of the same name is dropped" if target.overwrite else ""
    question = f"writes {planned.what} into {planned.target}{drops}"
    shell.confirm_typed(question, (planned.target,), yes=yes)


@command(app, "list")
def list_(context: typer.Context, name: OptionalName = None) -> Answer:
    """Newest first."""
    shell: Shell = context.obj
    return Answer(shell.operations().restores(name), empty="no restores yet")


@command(app)
def show(context: typer.Context, id_: Id) -> Answer:
    """One restore."""
    shell: Shell = context.obj
    return Answer(shell.operations().restore(id_))


@command(app)
def cancel(context: typer.Context, id_: Id) -> Answer:
    """Cancel one that has not ended; what it wrote is removed."""
    shell: Shell = context.obj
    return Answer(shell.operations().cancel_restore(id_))

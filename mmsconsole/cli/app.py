"""The commands, put together."""

from typing import Any

import typer

from mmsconsole.cli.commands import (
    alert,
    alert_rule,
    backup,
    deployment,
    engine,
    event,
    job,
    link,
    maintenance,
    monitoring,
    oplog,
    policy,
    query,
    restore_seed,
    snapshot,
    store_repair,
)
from mmsconsole.cli.options import epilog

EPILOG = """\b
First steps:
  mmsconsole doctor
  mmsconsole engine
  mmsconsole deployment add NAME URI
  mmsconsole backup start NAME --wait
  mmsconsole restore start NAME --at latest --to-folder DIR --wait

Every command takes --json last. Exit codes: 0 done, 1 failed, 2 used wrongly,
3 no engine, 4 refused.
"""


def command() -> Any:
    """The root command, built anew."""
    app = typer.Typer(
        name="mmsconsole",
        epilog=EPILOG,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(engine.console)
    for function in (engine.engine, engine.status, engine.doctor, engine.demo, engine.replay):
        app.command(epilog=epilog(engine.EXAMPLES.get(function.__name__, ())))(function)
    app.command(epilog=epilog(oplog.EXAMPLES))(oplog.oplog)
    for watching in (monitoring.health, monitoring.metrics, monitoring.top):
        app.command(epilog=epilog(monitoring.EXAMPLES[watching.__name__]))(watching)
    groups = (
        deployment, backup, snapshot, policy, restore_seed, query, link, job, event, store_repair,
        monitoring, alert, alert_rule, maintenance,
    )  # fmt: skip
    for group in groups:
        app.add_typer(group.app)
    return typer.main.get_command(app)

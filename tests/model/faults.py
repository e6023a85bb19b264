"""What befalls source, engine and heads. Each returns when the victim is back, or is on its way."""

import os
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress

from tests.model.stand import Stand

PRIMARY = "primary"


def kill_engine(stand: Stand) -> None:
    """Its mongods end with it, and a new engine goes on."""
    stand.stage.kill_engine()
    stand.stage.wait(
        "mongods of a dead engine still run",
        lambda: True if not stand.stage.mongods_of_engine() else None,
    )
    stand.stage.start_engine()


def restart_engine(stand: Stand, chunk_seconds: str) -> None:
    """A clean end, and a start with chunks of another length."""
    assert stand.stage.engine is not None
    stand.stage.engine.stop()
    assert not stand.stage.mongods_of_engine(), "mongods of a stopped engine still run"
    stand.stage.environ["MMSCONSOLE_BACKUP_CHUNK_SECONDS"] = chunk_seconds
    stand.stage.start_engine()


def kill_head(stand: Stand) -> None:
    _kill(stand.product.head_pids())


def kill_metadata(stand: Stand) -> None:
    _kill(stand.product.metadata_pids())


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def step_down(stand: Stand) -> None:
    stand.end_prepared(commit=True)
    stand.stage.source.wait_for_secondaries()
    stand.stage.source.step_down()


def kill_member(stand: Stand, role: str) -> None:
    """By SIGKILL; it is started again at once."""
    stand.end_prepared(commit=True)
    source = stand.stage.source
    source.wait_for_secondaries()
    index = source.primary() if role == PRIMARY else source.secondaries()[0]
    source.kill_member(index)
    source.start_member(index)
    source.wait_for_primary()


FAULTS: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (
        kill_engine, restart_engine, kill_head, kill_metadata, step_down, kill_member,
    )
}  # fmt: skip

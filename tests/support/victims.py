"""What is killed by SIGKILL, and brought back if nothing of the product does that by itself."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from mmsconsole.durable import TEMPORARY
from mmsconsole.settings import DEFAULT_STORE
from tests.support.gone import gone
from tests.support.processes import mongods_below
from tests.support.product import Product

SEEN_SECONDS_MAX = 5.0
"""How long a kill waits for the very moment it is meant for; then any moment will do."""


def engine(product: Product) -> None:
    """With it the agent, which runs inside of it; their mongods end by themselves."""
    stage = product.stage
    stage.kill_engine()
    stage.wait(
        "mongods of a dead engine still run",
        lambda: True if not stage.mongods_of_engine() else None,
    )
    stage.start_engine()


def agent_amid_a_slice(product: Product) -> None:
    """The agent is embedded: killed with the engine, while a slice is being written."""
    _see(lambda: _being_written(product, "slices"))
    engine(product)


def agent_amid_a_chunk(product: Product) -> None:
    _see(lambda: _being_written(product, "oplog"))
    engine(product)


def head(product: Product) -> None:
    _kill(product.head_pids())


def restores_mongod(product: Product) -> None:
    """The one that replays; there is one for a part of a restore only."""
    _see(lambda: bool(_restoring(product)))
    _kill(_restoring(product))


def verifications_mongod(product: Product) -> None:
    """The one that a snapshot is looked over with; there is one for a part of it only."""
    _see(lambda: bool(_verifying(product)))
    _kill(_verifying(product))


def engine_amid_a_pack(product: Product) -> None:
    """A snapshot's, or a groom's."""
    _see(lambda: _being_written(product, "packs"))
    engine(product)


def metadata(product: Product) -> None:
    _kill(product.metadata_pids())


def guard(product: Product) -> None:
    """Of each mongod of a head: it takes the mongod along."""
    for pid in product.head_pids():
        with suppress(ProcessLookupError, FileNotFoundError):
            _kill([_parent(pid)])
            assert gone(pid), "a mongod has outlived its guard"


def primary(product: Product) -> None:
    source = product.stage.source
    _restart(product, source.primary())


def secondary(product: Product) -> None:
    source = product.stage.source
    source.wait_for_secondaries()
    others = source.secondaries()
    _restart(product, others[0] if others else source.primary())


def _restart(product: Product, member: int) -> None:
    source = product.stage.source
    source.kill_member(member)
    source.start_member(member)
    source.wait_for_secondaries()


def _see(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SEEN_SECONDS_MAX
    while time.monotonic() < deadline and not look():
        time.sleep(0.001)


def _being_written(product: Product, kind: str) -> bool:
    """Whether an object of that kind is on its way to the disk just now."""
    folder = product.settings.store_folders[DEFAULT_STORE] / kind
    return any(name.startswith(TEMPORARY) for _, _, names in os.walk(folder) for name in names)


def _restoring(product: Product) -> list[int]:
    folder = product.stage.folder
    return [
        pid
        for target in folder.glob("restored*")
        if target.is_dir()
        for pid in mongods_below(target)
    ]


def _verifying(product: Product) -> list[int]:
    return mongods_below(product.settings.verification_folder)


def _parent(pid: int) -> int:
    status = Path(f"/proc/{pid}/stat").read_text()
    return int(status.rpartition(")")[2].split()[1])


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


Victim = Callable[[Product], None]

SYNCING: tuple[Victim, ...] = (
    engine, agent_amid_a_slice, agent_amid_a_chunk, head, metadata, guard, primary, secondary,
)  # fmt: skip
FOLLOWING: tuple[Victim, ...] = (
    engine, agent_amid_a_chunk, head, metadata, guard, primary, secondary,
)  # fmt: skip
RESTORING: tuple[Victim, ...] = (engine, restores_mongod, metadata, primary)
AT_A_STORE: tuple[Victim, ...] = (
    engine, engine, engine_amid_a_pack, agent_amid_a_chunk, head, metadata, metadata, guard,
)  # fmt: skip
"""Whoever works on a store, or beside those."""
AMID: tuple[Victim, ...] = (
    agent_amid_a_slice, agent_amid_a_chunk, restores_mongod, verifications_mongod,
    engine_amid_a_pack,
)  # fmt: skip
"""They wait for a moment of their own."""
VERIFYING: tuple[Victim, ...] = (engine, verifications_mongod, metadata, head)

"""`mmsconsole demo --headless`, whole."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.demo.waiting import wait_for
from mmsconsole.demo.walk import STEPS
from tests.support.processes import mongods_below

pytestmark = pytest.mark.xdist_group("product brought back")

COMMAND = [sys.executable, "-m", "mmsconsole", "demo", "--headless"]
WALK_SECONDS_MAX = 600


@pytest.fixture
def environ(short_folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(short_folder)}


def test_the_walk_ends_with_the_proof_and_leaves_nothing(
    environ: dict[str, str], short_folder: Path
) -> None:
    ran = subprocess.run(
        [*COMMAND, "--json"], env=environ, capture_output=True, text=True, timeout=WALK_SECONDS_MAX
    )

    assert ran.returncode == 0, ran.stderr + ran.stdout
    answer = json.loads(ran.stdout)
    assert answer["equal"]
    assert answer["documents_back"] > 10_000
    assert answer["found"] == f"with {answer['documents_back']} documents"
    assert len(answer["steps"]) == STEPS
    assert len({answer["restore"], answer["live"], answer["link"]}) == 3
    assert mongods_below(short_folder) == []
    assert list(short_folder.iterdir()) == []


@pytest.mark.parametrize(("number", "removed"), [(signal.SIGTERM, True), (signal.SIGKILL, False)])
def test_every_child_ends_with_it(
    environ: dict[str, str], short_folder: Path, number: signal.Signals, removed: bool
) -> None:
    """After SIGKILL its folder stays: nobody is left to remove it."""
    with (short_folder / "said").open("w") as said:
        demo = subprocess.Popen(COMMAND, env=environ, stdout=said, stderr=said)
    wait("no engine", lambda: "adding the deployment" in (short_folder / "said").read_text())
    assert len(mongods_below(short_folder)) >= 4

    demo.send_signal(number)
    demo.wait(120)

    wait("mongods are left", lambda: not mongods_below(short_folder))
    wait("an engine is left", lambda: not engines_of(short_folder))
    assert ([path.name for path in short_folder.iterdir()] == ["said"]) is removed


def wait(what: str, look: object) -> None:
    wait_for(what, lambda: True if look() else None, SystemClock(), timeout_seconds=120)  # type: ignore[operator]


def engines_of(folder: Path) -> list[int]:
    """Processes whose MMSCONSOLE_HOME lies below the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            environ = (entry / "environ").read_bytes() if entry.name.isdigit() else b""
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if f"MMSCONSOLE_HOME={folder}".encode() in environ:
            found.append(int(entry.name))
    return found

from pathlib import Path

import pytest

from mmsconsole.operations.operations import Operations
from mmsconsole.settings import HOME
from tests.cli.terminal import Terminal
from tests.operations.conftest import (
    daemon,
    operations,
    settings,
    shop,
    sources,
    synced,
    wall_clock,
)

__all__ = ["daemon", "operations", "settings", "shop", "sources", "synced", "wall_clock"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {HOME: str(tmp_path / "home"), "TERM": "xterm"}


@pytest.fixture
def terminal(environ: dict[str, str], operations: Operations) -> Terminal:
    """With an engine."""
    return Terminal(environ, operations)


@pytest.fixture
def no_engine(environ: dict[str, str]) -> Terminal:
    return Terminal(environ)

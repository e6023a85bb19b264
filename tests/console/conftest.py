"""The console's tests run on the scenes of tests.support, whatever the real environment is."""

from pathlib import Path

import pytest

from mmsconsole.console import app
from mmsconsole.console.screens import policy


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM", "SSH_TTY", "SSH_CONNECTION", "TEXTUAL_ANIMATIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(policy, "STANDSTILL_SECONDS", 0.02)
    # A busy machine may take that long from a key to a look at what it said.
    monkeypatch.setattr(app, "NOTICE_SECONDS", 3600.0)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"

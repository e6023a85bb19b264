"""Servers with certificates of an authority that the tests trust."""

from pathlib import Path

import pytest

from tests.support.certificates import Certificates


@pytest.fixture(scope="session")
def certificates(session_folder: Path) -> Certificates:
    return Certificates.make(session_folder / "notify-certificates")

"""A download whose bytes are not what the server told is no success."""

import hashlib
import io
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mmsconsole.demo.download import download, opened
from mmsconsole.errors import MmsError, TargetUnreachable
from mmsconsole.operations.link_views import LinkOffer

TOKEN = "s3cret-of-the-link"
URL = f"https://localhost:1/download/1/{TOKEN}/shop.tar"
DATA = b"data files"


class Said:
    text = ""

    def done(self, text: str) -> None:
        self.text = text


def fetched(monkeypatch: pytest.MonkeyPatch, folder: Path, told: str) -> str:
    answers = {URL: DATA, f"{URL}.sha256": f"{told}  shop.tar\n".encode()}

    @contextmanager
    def answered(url: str, _: object) -> Iterator[io.BytesIO]:
        yield io.BytesIO(answers[url])

    asked = SimpleNamespace(id="r1", offer=LinkOffer(URL, "", f"{URL}.sha256"))
    monkeypatch.setattr("mmsconsole.demo.download.opened", answered)
    monkeypatch.setattr("mmsconsole.demo.download.restored", lambda *_, **__: asked)
    scene: Any = SimpleNamespace(
        folder=SimpleNamespace(downloaded=folder / "downloaded.tar"),
        operations=SimpleNamespace(service_ca=lambda: SimpleNamespace(ca=None)),
    )
    step: Any = Said()
    snapshot: Any = SimpleNamespace(id="s1")
    download(scene, snapshot, step)
    return str(step.text)


def test_bytes_of_the_right_sum_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = fetched(monkeypatch, tmp_path, hashlib.sha256(DATA).hexdigest())

    assert "sha256 is right" in said
    assert (tmp_path / "downloaded.tar").read_bytes() == DATA


def test_another_sum_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(MmsError, match="its sha256 is"):
        fetched(monkeypatch, tmp_path, "0" * 64)


def test_what_goes_wrong_is_told_without_the_token() -> None:
    known = ssl.create_default_context()
    with pytest.raises(TargetUnreachable) as raised, opened(URL, known):
        pass

    assert TOKEN not in str(raised.value)

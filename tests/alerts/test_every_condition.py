"""Every condition from the records that show its cause to the notification, with default rules."""

from collections import Counter
from pathlib import Path

import pytest

from mmsconsole.alerts.conditions import CONDITIONS, NOT_YET
from mmsconsole.alerts.judging import judge
from mmsconsole.metadata.database import Metadata
from mmsconsole.settings import HOME, Settings, load_settings
from tests.alerts.causes import CAUSES, OF_NONE, Product, end_all, make_all
from tests.alerts.world import NOW

CONFIG = '[notify.mail]\nkind = "command"\nargv = ["/bin/true"]\n'
LONG = 100_000.0
"""More seconds than any rule waits."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.toml").write_text(CONFIG)
    return load_settings({HOME: str(tmp_path)})


@pytest.fixture
def product(metadata: Metadata) -> Product:
    return Product(metadata)


def opened(metadata: Metadata, *, standing: bool = False) -> Counter[tuple[str, str]]:
    found = metadata.alerts.listed(every=not standing)
    return Counter((one.deployment or "engine", one.condition) for one in found)


def test_every_cause_opens_its_alert_and_no_other_and_its_end_closes_it(
    metadata: Metadata, settings: Settings, product: Product
) -> None:
    make_all(product)
    product.well("all is well")
    judge(metadata, settings, "default", NOW, 0)
    judge(metadata, settings, "default", NOW, LONG)
    expected = Counter(("engine" if name in OF_NONE else name, name) for name in CAUSES)
    assert opened(metadata) == expected
    told = metadata.notifications.all({"kind": "open"})
    assert Counter(one.payload["condition"] for one in told) == Counter(CAUSES.keys())
    end_all(product)
    judge(metadata, settings, "default", NOW, 2 * LONG)
    judge(metadata, settings, "default", NOW, 3 * LONG)
    assert opened(metadata, standing=True) == Counter()
    assert opened(metadata) == expected


def test_every_condition_has_a_cause_here() -> None:
    assert {one.name for one in CONDITIONS} - set(NOT_YET) == set(CAUSES)

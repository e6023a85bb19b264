"""Where a request may go."""

import pytest

from mmsconsole.alerts.notify.addresses import why_refused

PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1",
    "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1",
    "2002:7f00:1::", "::7f00:1", "192.0.2.1", "2001:db8::1", "fec0::1", "64:ff9b:1::7f00:1",
    "::ffff:0:7f00:1", "192.0.0.9", "192.88.99.1", "198.18.0.1", "240.0.0.1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]  # fmt: skip
NEVER = [
    "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::",
    "::a9fe:a9fe", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "100.100.100.200", "0.0.0.0", "::",
    "::ffff:0.0.0.0", "224.0.0.1", "ff02::1", "168.63.129.16", "192.0.0.192",
    "64:ff9b::a83f:8110",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    assert not why_refused(address, redirected=True)
    assert not why_refused(address, redirected=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_for_the_settings_alone(address: str) -> None:
    assert not why_refused(address, redirected=False)
    assert "private" in why_refused(address, redirected=True)


@pytest.mark.parametrize("address", NEVER)
def test_a_clouds_metadata_and_what_is_no_host_are_never_called(address: str) -> None:
    assert why_refused(address, redirected=False)
    assert why_refused(address, redirected=True)

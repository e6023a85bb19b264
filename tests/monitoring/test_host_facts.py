import pytest

from mmsconsole.monitoring.host_facts import host_facts

EXTRA = {"kernelVersion": "6.1.0", "pageSize": 4096, "maxOpenFiles": 20000, "libcVersion": "2.36"}
HOST_INFO = {
    "system": {
        "hostname": "db1", "memSizeMB": 24_105, "memLimitMB": 8192, "numCores": 16,
        "cpuArch": "x86_64", "numaEnabled": False,
    },
    "os": {"type": "Linux", "name": 'PRETTY_NAME="Debian GNU/Linux 12"', "version": "Kernel 6.1"},
    "extra": EXTRA,
}  # fmt: skip


def test_a_host_in_words() -> None:
    facts = host_facts(
        HOST_INFO, {"version": "6.0.5", "openssl": {"running": "OpenSSL 3.0"}},
        {"storage": {"dbPath": "/data/db"}, "net": {"port": 27017}},
    )  # fmt: skip

    assert facts["host name"] == "db1"
    assert facts["memory"] == "23.5 GiB"
    assert facts["memory limit"] == "8.0 GiB"
    assert facts["system"] == "Debian GNU/Linux 12"
    assert facts["NUMA"] == "no"
    assert facts["kernel"] == "6.1.0"
    assert facts["mongod"] == "6.0.5"
    assert facts["data folder"] == "/data/db"
    assert facts["port"] == "27017"


def test_6_0_puts_one_extra_into_the_other() -> None:
    nested = {**HOST_INFO, "extra": {"extra": EXTRA}}

    assert host_facts(nested, {}, {}) == host_facts(HOST_INFO, {}, {})


def test_an_option_that_could_be_a_secret_is_not_taken() -> None:
    options = {
        "net": {"tls": {"mode": "requireTLS", "certificateKeyFilePassword": "opensesame"}},
        "setParameter": {"ldapQueryPassword": "opensesame"},
        "security": {"ldap": {"bind": {"queryPassword": "opensesame"}}},
    }

    facts = host_facts({}, {}, options)

    assert facts == {"TLS": "requireTLS"}


@pytest.mark.parametrize("nonsense", [None, 3, "x", [], {"hostname": {}}, {"memSizeMB": "much"}])
def test_nonsense_is_not_there(nonsense: object) -> None:
    assert host_facts({"system": nonsense, "os": nonsense, "extra": nonsense}, {}, {}) == {}


def test_texts_are_harmless_and_bounded() -> None:
    facts = host_facts({"system": {"hostname": "\x1b[2J" + "h" * 9999}}, {}, {})

    assert "\x1b" not in facts["host name"]
    assert len(facts["host name"]) <= 300

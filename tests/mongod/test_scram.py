import base64

import pytest

from mmsconsole.errors import AuthenticationFailed, CommandFailed
from mmsconsole.mongod.scram import Scram, authenticate, choose_mechanism
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.secret import Secret

# The examples of RFC 5802 (SHA-1) and RFC 7677 (SHA-256).
RFC = {
    "sha1": (
        "fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    "sha256": (
        "rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
}
SOURCE = parse_uri(Secret("mongodb://user:pencil@db1/"))


@pytest.mark.parametrize("digest", RFC)
def test_the_proof_is_the_one_of_the_rfc(digest):
    nonce, server_first, proof, signature = RFC[digest]
    last, expected = Scram("user", b"pencil", digest, nonce).prove(server_first)

    assert last.endswith(f",p={proof}")
    assert base64.b64encode(expected).decode() == signature


def test_a_user_name_is_escaped():
    assert Scram("a=b,c", b"", "sha1", "x").first == "n=a=3Db=2Cc,r=x"


def test_a_nonce_is_never_used_twice():
    first, second = (Scram.begin("SCRAM-SHA-256", "user", "pencil") for _ in range(2))

    assert first.nonce != second.nonce


@pytest.mark.parametrize(
    "server_first",
    [
        "",
        "r",
        "r=other,s=QSXCR+Q6sek8bf92,i=4096",
        "r=mine,s=QSXCR+Q6sek8bf92,i=4096",
        "r=mine2,s=QSXCR+Q6sek8bf92,i=many",
        "r=mine2,s=QSXCR+Q6sek8bf92,i=1",
        "r=mine2,s=QSXCR+Q6sek8bf92,i=999999999",
        "r=mine2,s=***,i=4096",
        "r=mine2,i=4096",
    ],
)
def test_a_server_that_does_not_keep_to_the_protocol_is_refused(server_first):
    with pytest.raises((ValueError, KeyError)):
        Scram("user", b"pencil", "sha256", "mine").prove(server_first)


@pytest.mark.parametrize(
    ("uri", "offered", "chosen"),
    [
        ("mongodb://u:p@h/", ["SCRAM-SHA-1", "SCRAM-SHA-256"], "SCRAM-SHA-256"),
        ("mongodb://u:p@h/", ["SCRAM-SHA-1"], "SCRAM-SHA-1"),
        ("mongodb://u:p@h/", [], "SCRAM-SHA-1"),
        ("mongodb://u:p@h/?authMechanism=SCRAM-SHA-1", ["SCRAM-SHA-256"], "SCRAM-SHA-1"),
        ("mongodb://u:p@h/?authMechanism=PLAIN", [], "PLAIN"),
    ],
)
def test_the_strongest_offered_mechanism_is_taken_unless_the_uri_names_one(uri, offered, chosen):
    assert choose_mechanism(parse_uri(Secret(uri)), offered) == chosen


def test_a_server_that_does_not_know_the_password_is_not_believed():
    def impostor(database, command):
        if "saslStart" in command:
            nonce = command["payload"].decode().partition("r=")[2]
            return {
                "payload": f"r={nonce}x,s=QSXCR+Q6sek8bf92,i=4096".encode(),
                "conversationId": 1,
            }
        return {"payload": b"v=AAAA", "done": True}

    with pytest.raises(AuthenticationFailed, match="did not answer as SCRAM-SHA-1"):
        authenticate(impostor, SOURCE, [])


@pytest.mark.parametrize(
    "reply", [{}, {"payload": 7, "conversationId": 1}, {"payload": b"\xff", "conversationId": 1}]
)
def test_an_answer_that_is_none_is_refused(reply):
    with pytest.raises(AuthenticationFailed, match="did not answer as SCRAM-SHA-256"):
        authenticate(lambda database, command: reply, SOURCE, ["SCRAM-SHA-256"])


def test_a_refusal_names_the_user_and_not_the_password():
    def refusing(database, command):
        raise CommandFailed("no", where="db1:27017")

    with pytest.raises(AuthenticationFailed) as caught:
        authenticate(refusing, SOURCE, [])

    assert caught.value.what == "the user user was refused on admin (SCRAM-SHA-1): no"
    assert caught.value.where == "db1:27017"


def test_without_a_user_nobody_logs_in():
    authenticate(pytest.fail, parse_uri(Secret("mongodb://db1/")), [])

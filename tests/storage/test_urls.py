"""URLs of stores: what is taken, what is refused, and that nothing secret is shown."""

import pytest

from mmsconsole.errors import SettingsError
from mmsconsole.storage.urls import BucketUrl, check_endpoint, parse_bucket_url, shown_url

ALLOWED = ("endpoint", "path_style")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/mnt/backup", "/mnt/backup"),
        ("s3://bucket/a/b", "s3://bucket/a/b"),
        ("s3://bucket/a?endpoint=http://host&x=SECRET", "s3://bucket/a"),
        ("mongodb://u:SECRET@a:1,b:2/store?x=1", "mongodb://a:1,b:2/store"),
        ("mongodb://u:SEC/RET@a:1/store", "mongodb://a:1/store"),
        ("mongodb://u:SEC@RET@a:1/store", "mongodb://a:1/store"),
        ("az://c/p#SECRET", "az://c/p"),
        ("S3://u:SECRET@b", "S3://b"),
        ("mongodb://u:SECRET?RET@host/db", "mongodb://…"),
        ("mongodb://u:SECRET#RET@host/db", "mongodb://…"),
        ("mongodb://u:SE?C@RET?@host/db", "mongodb://…"),
    ],
)
def test_what_people_see_of_a_url_holds_no_secret(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_a_url_is_taken_apart() -> None:
    url = parse_bucket_url("s3://b.k/a/b/?endpoint=http%3A%2F%2Fh%3A9&path_style=true", ALLOWED)
    assert url == BucketUrl("s3", "b.k", "a/b", {"endpoint": "http://h:9", "path_style": "true"})
    assert url.flag("path_style")
    assert not parse_bucket_url("s3://b", ALLOWED).flag("path_style")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s3://", "names no bucket"),
        ("s3:///a", "names no bucket"),
        ("s3://b?endpiont=SECRET", "no parameter 'endpiont'"),
        ("s3://u:SECRET@b/a", "credentials do not belong"),
        ("s3://b/../a", "prefix"),
        ("s3://b/a b", "prefix"),
        ("s3://b/.hidden", "prefix"),
        ("s3://[SECRET/a", "not a URL"),
    ],
)
def test_a_wrong_url_is_refused_without_being_quoted(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        parse_bucket_url(url, ALLOWED)
    assert caught.value.where == "url"
    assert "SECRET" not in f"{caught.value}{caught.value.hint}{caught.value.__cause__}"


def test_an_unknown_parameter_is_answered_with_those_that_are_allowed() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_bucket_url("s3://b?nosuch=1", ALLOWED)
    assert "endpoint, path_style" in caught.value.hint


def test_a_flag_is_true_or_false() -> None:
    with pytest.raises(SettingsError, match="neither true nor false"):
        parse_bucket_url("s3://b?path_style=maybe", ALLOWED).flag("path_style")


@pytest.mark.parametrize(
    "endpoint", ["host:9000", "ftp://h", "http://", "http://u:p@h", "http://h?x=1"]
)
def test_an_endpoint_is_an_http_url_and_no_more(endpoint: str) -> None:
    with pytest.raises(SettingsError, match="endpoint"):
        check_endpoint(endpoint)
    check_endpoint("http://127.0.0.1:9000")

"""Every error of botocore becomes one of ours, with what to do."""

from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)

from mmsconsole.errors import (
    DiskFull,
    ObjectCorrupt,
    ObjectMissing,
    StorageError,
    StorageRefused,
    StorageUnreachable,
)
from mmsconsole.storage.s3.failures import UploadGone, s3_errors

URL = {"endpoint_url": "https://s3.example"}


def answer(code: str, status: int = 400, message: str = "As the server puts it.") -> ClientError:
    told: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(told, "GetObject")


def mapped(error: Exception) -> StorageError:
    with pytest.raises(StorageError) as caught, s3_errors("a/k"):
        raise error
    assert caught.value.__cause__ is error
    assert caught.value.where == "a/k"
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (answer("NoSuchKey", 404), ObjectMissing),
        (answer("404", 404), ObjectMissing),
        (answer("InvalidRange", 416), ObjectCorrupt),
        (answer("InsufficientStorage", 507), DiskFull),
        (answer("NoSuchUpload", 404), UploadGone),
        (answer("NoSuchBucket", 404), StorageRefused),
        (answer("AccessDenied", 403), StorageRefused),
        (answer("403", 403), StorageRefused),
        (answer("InvalidAccessKeyId", 403), StorageRefused),
        (answer("SignatureDoesNotMatch", 403), StorageRefused),
        (answer("ExpiredToken", 400), StorageRefused),
        (answer("RequestTimeTooSkewed", 403), StorageRefused),
        (answer("PermanentRedirect", 301), StorageRefused),
        (answer("BadDigest"), StorageUnreachable),
        (answer("RequestTimeout"), StorageUnreachable),
        (answer("SlowDown", 503), StorageUnreachable),
        (answer("InternalError", 500), StorageUnreachable),
        (answer("SomethingNew", 502), StorageUnreachable),
        (answer("SomethingNew", 400), StorageError),
        (EndpointConnectionError(**URL), StorageUnreachable),
        (ConnectTimeoutError(**URL), StorageUnreachable),
        (ReadTimeoutError(**URL), StorageUnreachable),
        (ConnectionClosedError(**URL), StorageUnreachable),
        (ResponseStreamingError(error="broke off"), StorageUnreachable),
        (SSLError(**URL, error="self-signed"), StorageUnreachable),
        (NoCredentialsError(), StorageRefused),
        (PartialCredentialsError(provider="env", cred_var="AWS_SECRET"), StorageRefused),
        (ParamValidationError(report="Invalid bucket name"), StorageRefused),
        (BotoCoreError(), StorageError),
    ],
)
def test_an_error_becomes_one_of_ours(error: Exception, kind: type[StorageError]) -> None:
    assert type(mapped(error)) is kind


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (answer("NoSuchBucket", 404), "name of the bucket"),
        (answer("AccessDenied", 403), "PutObject"),
        (answer("SignatureDoesNotMatch", 403), "AWS_ACCESS_KEY_ID"),
        (answer("RequestTimeTooSkewed", 403), "clock"),
        (answer("AuthorizationHeaderMalformed", 400), "?region="),
        (NoCredentialsError(), "AWS_ACCESS_KEY_ID"),
        (SSLError(**URL, error="self-signed"), "AWS_CA_BUNDLE"),
        (EndpointConnectionError(**URL), "endpoint"),
    ],
)
def test_it_says_what_to_do(error: Exception, hint: str) -> None:
    assert hint in mapped(error).hint


def test_what_the_server_said_is_kept() -> None:
    assert "SlowDown: As the server puts it" in str(mapped(answer("SlowDown", 503)))


def test_what_is_no_error_of_botocore_goes_through() -> None:
    with pytest.raises(KeyError), s3_errors("a/k"):
        raise KeyError("ours")

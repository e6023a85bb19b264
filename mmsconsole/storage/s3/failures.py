"""The one boundary where botocore's errors become ours.

Codes: "Error responses" of the Amazon S3 API reference; HEAD answers carry the status instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
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

CREDENTIALS_HINT = (
    "check the credentials: environment (AWS_ACCESS_KEY_ID; an engine has the one it was started "
    "with), ~/.aws, or the role of this machine"
)
RIGHTS_HINT = (
    "the credentials need ListBucket, GetObject, PutObject, DeleteObject and "
    "AbortMultipartUpload (docs/storage.md)"
)
CERTIFICATE_HINT = "name the authority of its certificate by AWS_CA_BUNDLE, or mend the certificate"

MISSING = {"NoSuchKey", "NoSuchVersion", "404"}
CORRUPT = {"InvalidRange", "416"}
FULL = {"507", "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"}
REFUSED = {
    "NoSuchBucket": "check the name of the bucket in the URL, and that it has been made",
    "AccessDenied": RIGHTS_HINT,
    "403": RIGHTS_HINT,
    "AllAccessDisabled": RIGHTS_HINT,
    "MethodNotAllowed": RIGHTS_HINT,
    "InvalidAccessKeyId": CREDENTIALS_HINT,
    "SignatureDoesNotMatch": CREDENTIALS_HINT,
    "ExpiredToken": CREDENTIALS_HINT,
    "InvalidToken": CREDENTIALS_HINT,
    "InvalidClientTokenId": CREDENTIALS_HINT,
    "AccountProblem": CREDENTIALS_HINT,
    "RequestTimeTooSkewed": "the clock of this machine is wrong: set it, by NTP for example",
    "PermanentRedirect": "name the bucket's region in the URL: ?region=...",
    "301": "name the bucket's region in the URL: ?region=...",
    "AuthorizationHeaderMalformed": "name the bucket's region in the URL: ?region=...",
    "InvalidBucketName": "check the name of the bucket in the URL",
    "InvalidRequest": "with lock_days the bucket must have been made with object lock",
    "ObjectLockConfigurationNotFoundError": "make the bucket with object lock, or drop lock_days",
}
AGAIN = {
    "BadDigest",
    "IncompleteBody",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "XAmzContentChecksumMismatch",
    "XAmzContentSHA256Mismatch",
    "429",
}
ON_THE_WAY = (ConnectionError, HTTPClientError, IncompleteReadError, ResponseStreamingError)
"""No connection, a time that ran out, an answer that broke off."""


class UploadGone(StorageUnreachable):
    """A multipart upload that the server does not know any more: begin it anew."""


@contextmanager
def s3_errors(key: str, place: str = "") -> Iterator[None]:
    """`place` is the URL that the key is below: a store that does not answer is named by it, an
    object by its key.
    """
    address = f"{place}/{key}" if place else key
    try:
        yield
    except ClientError as error:
        raise of_answer(error, key, address) from error
    except BotoCoreError as error:
        raise of_call(error, address) from error


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def of_answer(error: ClientError, key: str, where: str) -> StorageError:
    """Of what the server said."""
    code, said = code_of(error), _said(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in MISSING:
        return ObjectMissing("is not in the storage", where=key)
    if code in CORRUPT:
        return ObjectCorrupt("ends before the bytes that were asked for", where=key)
    if code in FULL:
        return DiskFull(said, where=where)
    if code == "NoSuchUpload":
        return UploadGone(said, where=key)
    if code in REFUSED:
        return StorageRefused(said, where=where, hint=REFUSED[code])
    if code in AGAIN or status >= 500:
        return StorageUnreachable(said, where=where)
    return StorageError(said, where=where)


def of_call(error: BotoCoreError, where: str) -> StorageError:
    """Of what kept us from an answer."""
    said = str(error)
    if isinstance(error, SSLError):
        return StorageUnreachable(said, where=where, hint=CERTIFICATE_HINT)
    if isinstance(error, ON_THE_WAY):
        return StorageUnreachable(said, where=where)
    if isinstance(error, ParamValidationError):
        return StorageRefused(said, where=where, hint="check the URL of the store")
    if isinstance(error, NoCredentialsError) or "credential" in said.lower():
        return StorageRefused(said, where=where, hint=CREDENTIALS_HINT)
    return StorageError(said, where=where)


def _said(error: ClientError) -> str:
    told = error.response.get("Error", {})
    message = str(told.get("Message", "")).rstrip(".")
    return f"the server says {code_of(error)}: {message}" if message else str(error)

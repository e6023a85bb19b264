"""boto3's client for one bucket, made from the URL of a store.

    s3://BUCKET/PREFIX?endpoint=URL&region=NAME&path_style=true&profile=NAME

Credentials come from where boto3 looks for them: the environment, ~/.aws, the machine's role.
"""

from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from mmsconsole.errors import SettingsError
from mmsconsole.storage.urls import WHERE, BucketUrl, check_endpoint, parse_bucket_url

PARAMETERS = ("endpoint", "region", "path_style", "profile")
CONNECT_SECONDS_MAX = 10.0
CONNECTIONS = 32
"""More threads than that wait for one another."""
REGION = "us-east-1"
"""Where nothing names one: what servers with an endpoint of their own expect."""


def parse_s3_url(url: str) -> BucketUrl:
    """Raises SettingsError."""
    parsed = parse_bucket_url(url, PARAMETERS)
    parsed.flag("path_style")
    endpoint = parsed.parameters.get("endpoint")
    if endpoint is not None:
        check_endpoint(endpoint)
    return parsed


def connect(url: BucketUrl, timeout_seconds: float) -> Any:
    """A client, for any number of threads; nothing is asked yet. Raises SettingsError."""
    given = url.parameters
    try:
        session = Session(profile_name=given.get("profile"))
        return session.client(
            "s3",
            endpoint_url=given.get("endpoint"),
            region_name=given.get("region") or session.region_name or REGION,
            config=_config(url, timeout_seconds),
        )
    except (BotoCoreError, ValueError) as error:
        raise SettingsError(str(error), where=WHERE, hint="check profile and endpoint") from error


def _config(url: BucketUrl, timeout_seconds: float) -> Config:
    # Content-MD5 is ours, and every server knows it; the newer checksums are not known to all.
    return Config(
        connect_timeout=min(timeout_seconds, CONNECT_SECONDS_MAX),
        read_timeout=timeout_seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if url.flag("path_style") else "auto"},
    )

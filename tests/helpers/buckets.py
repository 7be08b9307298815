"""A server of S3's protocol on this machine, with a bucket, for tests of artifact stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

BUCKET = "bucket"
KEYS = {
    "AWS_ACCESS_KEY_ID": "someone",
    "AWS_SECRET_ACCESS_KEY": "hunter2",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def serving() -> Iterator[Any]:
    """A client of an empty bucket; this process and those that it starts are set up for it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}.items():
            patch.setenv(name, value)
        try:
            client = boto3.client("s3")
            client.create_bucket(Bucket=BUCKET)
            yield client
        finally:
            server.stop()


def names(client: Any) -> set[str]:
    """What the bucket holds."""
    return {each["Key"] for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", ())}

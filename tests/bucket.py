"""A real object store's server on this machine, and one that does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fsspec import get_filesystem_class
from moto.server import ThreadedMotoServer


@contextmanager
def running_bucket(name: str) -> Iterator[str]:
    """The address of a bucket that is not there yet; processes that are started meanwhile find the server as well."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with _reached_at(f"http://{host}:{port}"):
        yield f"s3://{name}"
    server.stop()


@contextmanager
def silent_bucket(name: str) -> Iterator[str]:
    """The address of a bucket in a store that does not answer."""
    with _reached_at("http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1"):
        yield f"s3://{name}"


@contextmanager
def _reached_at(endpoint: str, **more: str) -> Iterator[None]:
    told = {
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    clients = get_filesystem_class("s3")
    # Clients are kept for each thread's number: one that was made before would go to the other store.
    clients.clear_instance_cache()
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in (told | more).items():
            patch.setenv(variable, value)
        yield
    clients.clear_instance_cache()

"""Work on a Dask cluster (`KUOHAO_DASK=tcp://scheduler:8786`): the only module that knows there is one.

Workers run this version of Kuohao, one thread each (`dask worker --nthreads 1`), for PDFium is not to be entered twice, and
reach originals by the same path or address as the one who hands work out. The scheduler's `allowed-failures` should be 0:
what kills a worker is then seen the first time.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from functools import partial
from importlib.metadata import version
from typing import Any, ParamSpec, TypeVar

from pipeline.executors import Pool
from schemas.errors import ConfigError

Result = TypeVar("Result")
Params = ParamSpec("Params")

CONNECT_SECONDS = 20
"""How long a scheduler may take to answer; one that is just starting takes ten."""


def cluster(address: str) -> Pool:
    """The workers of the cluster at a scheduler's address, as many as there are at any time.

    Raises ConfigError where nothing answers there, no worker is there, or one cannot do the work.
    """
    try:
        import distributed
    except ImportError:
        raise ConfigError("KUOHAO_DASK: pip install 'kuohao[cluster]'") from None
    try:
        client: Any = distributed.Client(  # type: ignore[no-untyped-call]  # the library has no types
            address, timeout=CONNECT_SECONDS, set_as_default=False, name="kuohao"
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"KUOHAO_DASK: {type(error).__name__}") from None
    try:
        _check_workers(client)
    except Exception:
        client.close()
        raise
    return Pool(lambda: ClusterExecutor(client), lambda _: len(client.nthreads()))


class ClusterExecutor(Executor):
    """A cluster as an executor. Tasks whose worker died end with BrokenExecutor, and the executor goes on."""

    def __init__(self, client: Any) -> None:
        self._client = client
        # Pure tasks of the same arguments would be run once; a retry is the caller's to decide.
        self._executor = client.get_executor(pure=False, retries=0)

    def submit(self, fn: Callable[Params, Result], /, *args: Params.args, **kwargs: Params.kwargs) -> Future[Result]:
        """Hand a task to the scheduler."""
        future: Future[Result] = Future()
        theirs = self._executor.submit(fn, *args, **kwargs)
        theirs.add_done_callback(partial(_hand_on, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, which goes on for others. What it has begun cannot be told from what it has not."""
        self._executor.shutdown(wait=wait and not cancel_futures)


def worker_version() -> str:
    """The version of Kuohao where this is run."""
    return version("kuohao")


def _check_workers(client: Any) -> None:
    threads = client.nthreads()
    if not threads:
        raise ConfigError("KUOHAO_DASK: the scheduler has no workers; start some with `dask worker --nthreads 1`")
    if max(threads.values()) > 1:
        raise ConfigError("KUOHAO_DASK: start workers with one thread each: `dask worker --nthreads 1`")
    try:
        versions = set(client.run(worker_version).values())
    except Exception as error:  # what a worker without our code raises is not ours to foresee
        raise ConfigError(f"KUOHAO_DASK: workers cannot run Kuohao ({type(error).__name__})") from None
    if versions != {worker_version()}:
        raise ConfigError(f"KUOHAO_DASK: workers run {', '.join(sorted(versions))}, this is {worker_version()}")


def _hand_on(ours: Future[Any], theirs: Future[Any]) -> None:
    """Their end as ours."""
    from distributed import KilledWorker

    if theirs.cancelled():
        ours.cancel()
        return
    error = theirs.exception()
    if isinstance(error, KilledWorker):
        # Its text names the task, and with that files.
        ours.set_exception(BrokenExecutor("worker"))
    elif error is not None:
        ours.set_exception(error)
    else:
        ours.set_result(theirs.result())

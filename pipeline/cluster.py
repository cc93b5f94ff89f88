"""Work on a Dask cluster (`KUOHAO_DASK=tcp://scheduler:8786`): the only module that knows there is one.

Workers run this version of Kuohao, one thread each (`dask worker --nthreads 1`), for PDFium is not to be entered twice, and
reach originals by the same path or address as the one who hands work out. `deploy/dask.yaml` is what they are configured by.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, InvalidStateError
from concurrent.futures import wait as wait_for
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from typing import Any, ParamSpec, TypeVar

from pipeline.executors import Pool
from schemas.errors import ClusterUnavailable, ConfigError

Result = TypeVar("Result")
Params = ParamSpec("Params")

CONNECT_SECONDS = 20
"""How long a scheduler may take to answer at first; one that is just starting takes ten."""

AGAIN_SECONDS = 5
"""The same where one that was there before is looked for again: whoever waits for it has other things to do as well."""

LAST_SECONDS = 30
"""For which what is under way is waited for when the cluster is left: a page takes a second, a thick file ten."""


def cluster(address: str) -> Pool:
    """The workers of the cluster at a scheduler's address, as many as there are at any time.

    Raises ConfigError where nothing answers there, no worker is there, or one cannot do the work. Later the executor and
    the number of its workers raise ClusterUnavailable for as long as the scheduler is away; one that has come back at the
    address is found again.
    """
    try:
        client = _connect(address, CONNECT_SECONDS)
    except ImportError:
        raise ConfigError("KUOHAO_DASK: pip install 'kuohao[cluster]'") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"KUOHAO_DASK: {type(error).__name__}") from None
    try:
        _check_workers(client)
    except Exception:
        client.close()
        raise
    link = _Link(address, client)
    return Pool(lambda: ClusterExecutor(link), _workers)


class ClusterExecutor(Executor):
    """A cluster as an executor. Tasks whose worker died end with BrokenExecutor, and the executor goes on.

    Those that were under way when the scheduler was lost end with CancelledError. It changes in place, as what it stands
    for does.
    """

    def __init__(self, link: _Link) -> None:
        self._link = link
        self._client: Any = None
        self._executor: Any = None
        self._under_way: set[Future[Any]] = set()

    def submit(self, fn: Callable[Params, Result], /, *args: Params.args, **kwargs: Params.kwargs) -> Future[Result]:
        """Hand a task to the scheduler. Raises ClusterUnavailable."""
        future: Future[Result] = Future()
        # One piece of bytes each way: the library's own pickling looks at every object, four times on the way to a worker.
        theirs = self._joined().submit(run_packed, pickle.dumps((fn, args, kwargs), pickle.HIGHEST_PROTOCOL))
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        theirs.add_done_callback(partial(_hand_on, future))
        return future

    def workers(self) -> int:
        """How many workers there are right now. Raises ClusterUnavailable."""
        self._joined()
        try:
            return len(self._client.nthreads())
        except (OSError, AttributeError):
            # Lost while it was asked: the client then has no scheduler to ask.
            raise ClusterUnavailable from None

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, which goes on for others. What is under way is waited for, for a while, then dropped."""
        if wait:
            wait_for(set(self._under_way), LAST_SECONDS)
        self._drop_all()
        if self._executor is not None:
            # A scheduler that has gone has nothing left to cancel.
            with suppress(Exception):
                self._executor.shutdown(wait=False)

    def _joined(self) -> Any:
        """The library's executor, of a client that is connected."""
        try:
            client = self._link.client()
        except ClusterUnavailable:
            self._drop_all()
            raise
        if client is not self._client:
            self._drop_all()
            # Pure tasks of the same arguments would be run once; a retry is the caller's to decide.
            self._client, self._executor = client, client.get_executor(pure=False, retries=0)
        return self._executor

    def _drop_all(self) -> None:
        for future in list(self._under_way):
            _drop(future)


class _Link:
    """A client of the scheduler, a new one where the last has given up. It changes in place."""

    def __init__(self, address: str, client: Any) -> None:
        self._address = address
        self._client = client

    def client(self) -> Any:
        """The client, connected. Raises ClusterUnavailable."""
        if self._client.status == "closed":
            try:
                self._client = _connect(self._address, AGAIN_SECONDS)
            except OSError:
                raise ClusterUnavailable from None
        if self._client.status != "running":
            # It looks for its scheduler by itself for a while.
            raise ClusterUnavailable
        return self._client


def run_packed(task: bytes) -> bytes:
    """On a worker: run a pickled function with its arguments; what comes of it, pickled."""
    fn, args, kwargs = pickle.loads(task)
    return pickle.dumps(fn(*args, **kwargs), pickle.HIGHEST_PROTOCOL)


def worker_version() -> str:
    """The version of Kuohao where this is run."""
    return version("kuohao")


def _connect(address: str, seconds: float) -> Any:
    import distributed

    return distributed.Client(  # type: ignore[no-untyped-call]  # the library has no types
        address, timeout=seconds, set_as_default=False, name="kuohao"
    )


def _workers(executor: Executor) -> int:
    assert isinstance(executor, ClusterExecutor)
    return executor.workers()


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
        _drop(ours)
        return
    result, error = None, theirs.exception()
    if error is None:
        try:
            result = pickle.loads(theirs.result())
        except Exception as unreadable:  # raised in a callback it would be lost, and ours waited for without an end
            error = unreadable
    # Ours may have been dropped in the meantime.
    with suppress(InvalidStateError):
        if isinstance(error, KilledWorker):
            # Its text names the task, and with that files.
            ours.set_exception(BrokenExecutor("worker"))
        elif error is not None:
            ours.set_exception(error)
        else:
            ours.set_result(result)


def _drop(future: Future[Any]) -> None:
    """End a future whose task nobody will ever hear of; `cancel` by itself would not wake who waits for it."""
    with suppress(InvalidStateError):
        future.set_exception(CancelledError())

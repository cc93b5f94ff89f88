"""Work runs the same in this process, in processes and on a Dask cluster, and what kills a worker costs itself alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import func, select

from pipeline.cluster import cluster
from pipeline.executors import Pool, one_by_one, processes, run_all
from pipeline.office.watch import watch
from pipeline.reading.work import Job, read_all
from pipeline.stages import Stage
from pipeline.store import counts, receipts, stored_returns
from pipeline.store.tables import sources
from schemas.errors import ClusterUnavailable, ConfigError
from schemas.office import FileState
from tests.dask_cluster import (
    GREEDY,
    ROOT,
    SEGFAULT,
    deadly_reader,
    held_reader,
    joined,
    leave_cluster,
    running_cluster,
    running_scheduler,
    running_worker,
    square,
    unreadable,
)
from tests.fakes import Desk, office
from tests.test_faults import wait_until


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, which are ended when they take too much memory."""
    with running_cluster(tmp_path_factory.mktemp("dask"), 2, memory="2GB") as address:
        yield address


@pytest.fixture(params=["at once", "processes", "cluster"])
def pool(request: pytest.FixtureRequest) -> Pool:
    """Each kind of executor that there is."""
    if request.param == "cluster":
        return joined(request.getfixturevalue("scheduler"))
    return processes(2) if request.param == "processes" else one_by_one()


def test_every_task_has_its_result(pool: Pool) -> None:
    """Each task comes back once, with what the function makes of it."""
    assert sorted(run_all(square, range(25), pool)) == [(number, number * number) for number in range(25)]


@pytest.mark.parametrize("pool", ["processes", "cluster"], indirect=True)
def test_a_deadly_task_costs_itself_alone(pool: Pool) -> None:
    """A task that kills its worker each time has no result, and all others have theirs."""
    found = dict(run_all(square, [*range(9), -1, *range(9, 15)], pool))
    assert found == {-1: None} | {number: number * number for number in range(15)}


def test_a_result_that_cannot_be_read_is_an_error(scheduler: str) -> None:
    """What a worker sends and nobody here can read ends its task with what is wrong; it is not waited for for ever."""
    with pytest.raises(ValueError, match="no number"):
        list(run_all(unreadable, [1], joined(scheduler)))


def test_no_more_is_under_way_than_there_is_room_for() -> None:
    """Tasks are asked for as there is room: a list of millions is never held."""
    asked = 0

    def tasks() -> Iterator[int]:
        nonlocal asked
        for number in range(100):
            asked += 1
            yield number

    with closing(run_all(square, tasks(), processes(2))) as results:
        next(results)
        assert asked <= 5


def test_returns_are_read_alike_everywhere(scheduler: str) -> None:
    """The same files give the same readings, byte for byte, in this process, in processes and on a cluster."""
    names = ("云川市电力.pdf", "扫描-2.jpg", "手写-1.pdf")
    jobs = [Job(ROOT / "samples" / "returns" / name, threads=1) for name in names]
    here, there, far = (_read(jobs, pool) for pool in (one_by_one(), processes(2), joined(scheduler)))
    assert here == there == far
    assert all(here.values())


@pytest.mark.parametrize(
    ("address", "told"), [("tcp://127.0.0.1:9", "KUOHAO_DASK"), ("nonsense://x", "KUOHAO_DASK"), ("", "KUOHAO_DASK")]
)
def test_a_scheduler_that_is_not_there_is_told(address: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that leads nowhere is a setting to correct, and nothing is begun."""
    monkeypatch.setattr("pipeline.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(ConfigError, match=told):
        cluster(address)


def test_what_kills_a_worker_costs_its_file_alone_through_the_office(tmp_path: Path, scheduler: str) -> None:
    """A crash in native code, and memory that runs out, fail a file each with the reason; all others are read."""
    desk = Desk(tmp_path / "inbox", tmp_path / "home", lease=60)
    desk.inbox.mkdir()
    contents = [b"1", SEGFAULT, b"2", b"3", GREEDY, b"4"]
    for place, content in enumerate(contents):
        (desk.inbox / f"报表{place}.pdf").write_bytes(content)
    with closing(desk.open()) as store:
        watch(replace(office(desk, store), reader=lambda: deadly_reader, pool=joined(scheduler)), once=True)
        found = {receipt.name: receipt.code for receipt in receipts(store)}
    assert found == {
        f"报表{place}.pdf": "reader_died" if content in (SEGFAULT, GREEDY) else "" for place, content in enumerate(contents)
    }


def test_a_scheduler_and_workers_that_went_away_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience has an end, told as what to look at; but with a scheduler in time, and a worker, nothing is left out."""
    monkeypatch.setattr("pipeline.executors.LOOK_SECONDS", 0.1)
    with running_scheduler(tmp_path) as address, running_worker(address, tmp_path / "worker", nanny=False):
        pool = joined(address)
        found, given_up = (run_all(square, range(40), pool) for _ in range(2))
        before = [next(found), next(given_up)]
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.executors.PATIENCE", 0.5)
        with pytest.raises(ClusterUnavailable):
            list(given_up)
    with running_scheduler(tmp_path, port=int(address.rpartition(":")[2])), ExitStack() as later:
        Timer(1.0, lambda: later.enter_context(running_worker(address, tmp_path / "worker", nanny=False))).start()
        assert sorted([before[0], *found]) == [(number, number * number) for number in range(40)]
        leave_cluster(address)


def test_what_is_read_when_its_scheduler_dies_is_given_back_and_read_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file of an office fails for it, none counts as fatal to its reader, and each is stored once."""
    monkeypatch.setattr("pipeline.office.watch.LONGEST_TROUBLE", 0.5)
    desk = Desk(tmp_path / "inbox", tmp_path / "home", lease=600)
    desk.inbox.mkdir()
    for place in range(4):
        (desk.inbox / f"报表{place}.pdf").write_bytes(bytes([place]))
    with ExitStack() as stack:
        store = stack.enter_context(closing(desk.open()))
        thread = stack.enter_context(ThreadPoolExecutor(1))
        scheduler = stack.enter_context(ExitStack())
        address = scheduler.enter_context(running_scheduler(tmp_path))
        worker = stack.enter_context(ExitStack())
        worker.enter_context(running_worker(address, tmp_path / "worker", nanny=False))
        here = replace(office(desk, store), reader=lambda: held_reader, pool=joined(address))
        stack.callback(here.stop.set)
        done = thread.submit(watch, here, once=True)
        wait_until(lambda: done.done() or (desk.home / "begun").exists())
        assert counts(store)[FileState.READING]
        scheduler.close()
        # Long before its lease ends.
        wait_until(lambda: done.done() or not counts(store)[FileState.READING])
        (desk.home / "go").touch()
        worker.close()
        port = int(address.rpartition(":")[2])
        with running_scheduler(tmp_path, port=port), running_worker(address, tmp_path / "worker", nanny=False):
            done.result()
        assert {receipt.code for receipt in receipts(store)} == {""}
        assert sorted(one.name for one in stored_returns(store)) == [f"报表{place}.pdf" for place in range(4)]
        with store.engine.connect() as connection:
            assert connection.execute(select(func.max(sources.c.died))).scalar_one() == 0


def test_workers_of_several_threads_are_refused(tmp_path: Path) -> None:
    """PDFium is not to be entered twice: workers with two threads each are told to be started with one."""
    with running_cluster(tmp_path, 1, threads=2) as address, pytest.raises(ConfigError, match="--nthreads 1"):
        joined(address)


def _read(jobs: list[Job], pool: Pool) -> dict[str, list[str]]:
    """By file its readings, and what was measured: its stages, but for the loading of engines, and its pages."""
    found: dict[str, list[str]] = {}
    for outcome in read_all(jobs, pool=pool):
        assert outcome.read is not None
        stages = sorted(outcome.spent.stages.keys() - {Stage.LOAD})
        readings = [reading.model_dump_json() for reading in outcome.read.readings]
        found[outcome.path.name] = [*readings, *stages, str(len(outcome.spent.pages))]
    return found

"""Where tiles are computed: on threads of this process, or on a Dask cluster. Both yield outcomes as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from frugal.cadastre.grid import Tile
from frugal.cadastre.job import Job
from frugal.cadastre.tile_store import TileReport
from frugal.errors import EnvironmentFaultError, FrugalError

#: A tile, its report or the fault that kept it from one.
Outcome = tuple[Tile, TileReport | FrugalError]

Work = Callable[[Job, Tile], TileReport]


def on_threads(work: Work, job: Job, tiles: Sequence[Tile], threads: int) -> Iterator[Outcome]:
    """Compute tiles, so many at a time; no more are begun once the consumer stops asking."""
    waiting = iter(tiles)
    running: dict[Future[TileReport], Tile] = {}
    with ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            while True:
                while len(running) < threads and (tile := next(waiting, None)) is not None:
                    running[pool.submit(work, job, tile)] = tile
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), _outcome(future)
        finally:
            for future in running:
                future.cancel()


def _outcome(future: Future[TileReport]) -> TileReport | FrugalError:
    try:
        return future.result()
    except EnvironmentFaultError:
        raise  # a full disk fails every tile after this one too
    except FrugalError as fault:
        return fault


def on_cluster(work: Work, job: Job, tiles: Sequence[Tile], address: str) -> Iterator[Outcome]:
    """Send tiles to a Dask scheduler whose workers see the same files.

    Raises
    ------
    EnvironmentFaultError
        If the package `distributed` is missing, nothing answers at the address, or its workers do not see the files.
    """
    client = _client(address)
    try:
        futures: dict[Any, Tile] = {}
        waiting = iter(tiles)
        slots = max(1, sum(client.nthreads().values())) * 2
        while True:
            while len(futures) < slots and (tile := next(waiting, None)) is not None:
                futures[client.submit(_guarded, work, job, tile, pure=False, retries=3)] = tile
            if not futures:
                return
            done = _first_done(list(futures))
            for future in done:
                tile = futures.pop(future)
                fault = future.exception() if future.status == "error" else None
                if fault is not None:
                    raise EnvironmentFaultError(f"tile {tile.name} could not be computed by the cluster: {fault}")
                answer = future.result()
                yield tile, answer if isinstance(answer, TileReport) else FrugalError(answer)
    finally:
        client.close()


def _guarded(work: Work, job: Job, tile: Tile) -> TileReport | str:
    """What is wrong with a tile is an answer; anything else makes the scheduler try again elsewhere."""
    try:
        return work(job, tile)
    except EnvironmentFaultError:
        raise
    except FrugalError as fault:
        return str(fault)


def _first_done(futures: list[Any]) -> list[Any]:
    while True:
        done = [future for future in futures if future.status in ("finished", "error", "cancelled", "lost")]
        if done:
            return done
        time.sleep(0.05)


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as fault:
        raise EnvironmentFaultError(
            "tiles on a cluster need the package 'distributed': pip install 'frugal-territoires[cluster]'"
        ) from fault
    try:
        client = Client(address, timeout=10, set_as_default=False)
        client.wait_for_workers(1, timeout=10)
    except (OSError, TimeoutError, ValueError) as fault:
        raise EnvironmentFaultError(f"no Dask scheduler with a worker answers at '{address}': {fault}") from fault
    return client

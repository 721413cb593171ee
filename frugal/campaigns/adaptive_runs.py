"""Runs in batches, until the need is met or out of reach, the later ones where candidates err; what a kill leaves is taken up.

Each batch is a run store of its own, which holds its design: whoever goes on reads it there, and decides on the next one from
what is stored and the seed alone. Looks are lines of the ledger, and are not made again either.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from frugal.campaigns.generation import Batch, generate
from frugal.experiments.designs.in_batches import Batches
from frugal.experiments.runs.remote import Cluster
from frugal.experiments.runs.store import DamagedStoreError, Runs, RunStore, open_store, read_design
from frugal.experiments.study import Study
from frugal.experiments.study.design import Design
from frugal.experiments.study.study_file import describe_need
from frugal.metering.ledger.ledger import Entry, cpu_total
from frugal.metering.meter import Meter
from frugal.reporting.progress import Reporter
from frugal.surrogates.adaptive.look import Look, Looked, Settings, look_at, out_of_reach, searched, worth_following
from frugal.surrogates.adaptive.placing import placed, pool_of
from frugal.surrogates.measurement.noise import noise_of

#: Stage of the ledger under which looks and placing are booked, and what a line says of its look.
PLACING, LOOK = "placing", "look"
#: Why no more runs were made.
NEED_MET, OUT_OF_REACH, CEILING = "need_met", "out_of_reach", "ceiling"


@dataclass(frozen=True)
class Grown:
    """Runs that were made in batches.

    Parameters
    ----------
    store : RunStore
        All of them.
    batches : Batches
    looks : sequence of Look
    stopped : {"need_met", "out_of_reach", "ceiling"}
    """

    store: RunStore
    batches: Batches
    looks: Sequence[Look] = ()
    stopped: str = CEILING

    def told(self, ledger: Sequence[Entry], watts_per_core: float) -> dict[str, Any]:
        """What ``split`` of ``candidates.json`` keeps of it: runs made, added and saved, what those saved would have cost.

        Parameters
        ----------
        ledger : sequence of Entry
            Of all batches.
        watts_per_core : float
            Power of a core of this machine [W].
        """
        made = len(self.store.design)
        seconds = self.store.read("cpu_seconds")
        known = seconds[np.isfinite(seconds)]
        each = float(known.mean()) if len(known) else 0.0
        saved, looking = self.batches.most - made, cpu_total([entry for entry in ledger if entry.stage == PLACING])
        return {
            "runs": made,
            "added_runs": int(self.store.design.added.sum()),
            "ceiling": self.batches.most,
            "study_runs": self.batches.study.n_runs,
            "batches": self.batches.sizes.index(made) + 1 if made in self.batches.sizes else len(self.looks),
            "stopped": self.stopped,
            "cpu_seconds_per_run": each,
            "saved_runs": saved,
            "saved_cpu_seconds": saved * each,
            "saved_joules": saved * each * watts_per_core,
            "placing_cpu_seconds": looking,
            "placing_joules": looking * watts_per_core,
            "looks": [look.to_json() for look in self.looks],
        }


@dataclass
class Growth:
    """A campaign whose runs come in batches.

    Parameters
    ----------
    batches : Batches
    folder : Path
        Of the campaign.
    meter : Meter
    reporter : Reporter
    threads, cluster
        As for `generate`.
    """

    batches: Batches
    folder: Path
    meter: Meter
    reporter: Reporter
    threads: int | None = None
    cluster: Cluster | None = None
    _stores: list[RunStore] = field(default_factory=list)
    _looks: dict[int, Look] = field(default_factory=dict)
    _settings: tuple[int, Settings] | None = None

    @property
    def study(self) -> Study:
        """That of the batches."""
        return self.batches.study

    def run(self) -> Grown:
        """Make batch after batch until one of the reasons to stop holds."""
        seed = self.batches.seed
        batch = Batch(self.study, self.batches.filling(0), seed)
        design, stopped = self._stored(0) or self.batches.filling(0), CEILING
        for number in range(len(self.batches)):
            batch.number = number
            path = self._path(number)
            store = generate(
                self.study, design, None, path, self.meter, self.reporter, self.threads, self.cluster, seed, batch
            )
            self._stores.append(store)
            if number + 1 == len(self.batches):
                break
            found = self._next(number + 1)
            if isinstance(found, str):
                stopped = found
                break
            design = found
        return Grown(self._joined(), self.batches, tuple(self._looks.values()), stopped)

    def _next(self, number: int) -> Design | str:
        """The design of the next batch, or why there is none."""
        runs = self._finished()
        need = describe_need(self.study.need)["hash"]
        known = self._booked(need).get(number - 1)
        stored = self._stored(number)
        if known is not None and known.runs == len(runs):
            self._looks[number - 1] = known
            reason = self._reason()
            if reason is not None or stored is not None or not self.batches.places(number):
                return reason or stored or self.batches.filling(number)
        if int((~runs.is_held_out).sum()) < 8 or int(runs.is_held_out.sum()) < 3:  # nearly all runs fail
            return stored or self.batches.filling(number)
        self.reporter.stage("place")
        with self.meter.stage(PLACING) as entry:
            noise = noise_of(self.meter.ledger.entries())
            earlier = [look for batch, look in self._looks.items() if batch < number - 1]
            looked = look_at(self.study, runs, self.batches.seed, earlier, noise, self._kept_settings(number - 1))
            entry.details = {LOOK: {**looked.look.to_json(), "batch": number - 1, "need": need}}
            self._looks[number - 1] = looked.look
            if self.batches.searched(number - 1) == number - 1:
                self._settings = number - 1, worth_following(looked.look, looked.settings)
            reason = self._reason()
            if reason is not None:
                return reason
            return stored or self._placed(number, looked)

    def _kept_settings(self, number: int) -> Settings | None:
        """Settings of the last search before the look at a batch; None where it searches, or nothing was found."""
        at = self.batches.searched(number)
        if at == number or at not in self._looks:
            return None
        if self._settings is None or self._settings[0] != at:  # of a campaign that was taken up again
            _, found = searched(self.study, self._finished(at + 1), self.batches.seed)
            self._settings = at, worth_following(self._looks[at], found)
        return self._settings[1] or None

    def _reason(self) -> str | None:
        looks = list(self._looks.values())
        if looks[-1].met:
            return NEED_MET
        return OUT_OF_REACH if out_of_reach(looks, self.batches.most) else None

    def _placed(self, number: int, looked: Looked) -> Design:
        """The next batch, its learning runs where the fits are expected to err."""
        count = self.batches.places(number)
        if not count or not looked.fits:
            return self.batches.filling(number)
        known = np.concatenate([*(store.design.inputs for store in self._stores), self.batches.judging(number).inputs])
        pool = pool_of(self.study, number, self.batches.seed)
        rows = placed(self.study, looked.fits, looked.errors, known, pool, count, self.batches.seed + number)
        return self.batches.with_placed(number, pool[rows])

    def _path(self, number: int) -> Path:
        # by its size too: the last batch under one ceiling is a shorter one than under a higher one
        return self.folder / "batches" / f"{number:03d}-{self.batches.sizes[number] - self.batches.before(number)}.zarr"

    def _stored(self, number: int) -> Design | None:
        """The design of a batch that was begun; None where there is none, or it cannot be read."""
        path = self._path(number)
        if not path.exists():
            return None
        try:
            return read_design(path, self.study)
        except DamagedStoreError:
            return None  # set aside, and decided on anew

    def _booked(self, need: str) -> dict[int, Look]:
        """Looks in the ledger at this need, by number of the batch before them; of several at one batch the last."""
        told = [entry.details[LOOK] for entry in self.meter.ledger.entries() if LOOK in entry.details]
        return {int(look["batch"]): Look.read(look, "ledger.jsonl") for look in told if look.get("need") == need}

    def _finished(self, batches: int | None = None) -> Runs:
        """Finished runs of the first batches, or of all so far."""
        stores = self._stores[:batches]
        parts = [store.finished() for store in stores]
        starts = np.cumsum([0, *(len(store.design) for store in stores)])
        whole = Runs(**{
            name: np.concatenate([getattr(part, name) for part in parts]) for name in Runs.__dataclass_fields__
        })  # fmt: skip
        whole.numbers[:] = np.concatenate([part.numbers + start for part, start in zip(parts, starts, strict=False)])
        return whole

    def _joined(self) -> RunStore:
        """All batches in one store, as bundles hold it."""
        design = Design.joined([store.design for store in self._stores])
        path = self.folder / "runs.zarr"
        if path.exists():
            shutil.rmtree(path)
        whole = open_store(path, self.study, design, len(design))
        outputs = [
            np.concatenate([store.read(output.name) for store in self._stores]).reshape(len(design), output.size)
            for output in self.study.outputs
        ]
        seconds, status, messages = (
            np.concatenate([store.read(name) for store in self._stores])
            for name in ("cpu_seconds", "status", "message")
        )
        whole.commit(0, np.concatenate(outputs, axis=1), seconds, status, [str(message) for message in messages])
        return whole

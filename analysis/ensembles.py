"""Ensembles of samples: bundles, and the random numbers of every sample and stage.

A sample is known by its index within its ensemble. What it holds depends on the campaign's seed,
the names of its ensemble and stage, and its index alone: never on bundles, ranks or order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Ensemble:
    """Samples that differ only by their random numbers.

    Attributes
    ----------
    name, model : str
    particles : int
        N of every sample.
    samples : int
    bundle : int
        Samples that one job handles and one file holds.
    preparation : dict
        Protocol and its settings, as in the campaign file.
    """

    name: str
    model: str
    particles: int
    samples: int
    bundle: int
    preparation: dict = field(default_factory=dict)

    @property
    def bundles(self) -> range:
        """Indices of the bundles."""
        return range(-(-self.samples // self.bundle))

    def samples_of(self, bundle: int) -> range:
        """Samples of one bundle."""
        if bundle not in self.bundles:
            raise IndexError(f"ensemble {self.name}: no bundle {bundle} among {len(self.bundles)}")
        return range(bundle * self.bundle, min((bundle + 1) * self.bundle, self.samples))

    @property
    def snapshots(self) -> int:
        """Snapshots of one equilibrium run; 0 where samples are prepared one by one."""
        return int(self.preparation.get("snapshots", 0))

    @property
    def runs(self) -> range:
        """Indices of the equilibrium runs."""
        return range(-(-self.samples // self.snapshots) if self.snapshots else 0)

    def snapshots_of(self, run: int) -> int:
        """Snapshots that are taken of a run; the last one may be shorter."""
        if run not in self.runs:
            raise IndexError(f"ensemble {self.name}: no run {run} among {len(self.runs)}")
        return min(self.snapshots, self.samples - run * self.snapshots)

    def snapshot_of(self, sample: int) -> tuple[int, int]:
        """Run of a sample, and which of its snapshots the sample is quenched from."""
        return divmod(sample, self.snapshots)

    def runs_of(self, bundle: int) -> range:
        """Equilibrium runs that the samples of a bundle are taken from."""
        if not self.snapshots:
            return range(0)
        samples = self.samples_of(bundle)
        return range(self.snapshot_of(samples[0])[0], self.snapshot_of(samples[-1])[0] + 1)


def _entropy(seed: int, ensemble: str, sample: int, stage: str) -> list[int]:
    digest = hashlib.sha256(f"{ensemble}\0{stage}".encode()).digest()
    return [int(seed), int.from_bytes(digest[:8], "little"), int(sample)]


def random_stream(seed: int, ensemble: str, sample: int, stage: str) -> np.random.Generator:
    """Independent random numbers for one stage of one sample."""
    return np.random.default_rng(np.random.SeedSequence(_entropy(seed, ensemble, sample, stage)))


def lammps_seed(seed: int, ensemble: str, sample: int, stage: str) -> int:
    """Seed for a LAMMPS command, 1 <= seed < 2^31, of one stage of one sample."""
    return int(random_stream(seed, ensemble, sample, stage).integers(1, 2**31 - 1))


def distribute(items: Sequence, rank: int, size: int) -> list:
    """Items of one rank when they are dealt round-robin over `size` ranks."""
    return list(items[rank::size])

"""Ensembles of samples: how samples are grouped into bundles, and which equilibrium run each uses.

A bundle is the set of samples that one job handles. A run is one equilibrium simulation of the
parent liquid; several samples may be quenched from its snapshots.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ensemble:
    """Samples of one model that differ only in their random numbers.

    Attributes
    ----------
    name : str
        Name of the ensemble in the campaign file.
    model : str
        Name of the glass model in the registry (:mod:`glassmodes.models`).
    particles : int
        Number of particles N of every sample.
    samples : int
        Number of samples.
    bundle : int
        Number of samples that one job handles and one file holds; the last bundle may hold fewer.
    preparation : dict
        Preparation protocol and its settings, as in the campaign file.
    """

    name: str
    model: str
    particles: int
    samples: int
    bundle: int
    preparation: dict = field(default_factory=dict)

    @property
    def bundles(self) -> range:
        """Indices of the bundles, from 0."""
        return range(-(-self.samples // self.bundle))

    def samples_of(self, bundle: int) -> range:
        """Indices of the samples in one bundle.

        Raises
        ------
        IndexError
            If the ensemble has no such bundle.
        """
        if bundle not in self.bundles:
            raise IndexError(f"ensemble {self.name}: no bundle {bundle} among {len(self.bundles)}")
        return range(bundle * self.bundle, min((bundle + 1) * self.bundle, self.samples))

    @property
    def snapshots(self) -> int:
        """Number of snapshots of one equilibrium run; 0 if each sample is prepared on its own."""
        return int(self.preparation.get("snapshots", 0))

    @property
    def runs(self) -> range:
        """Indices of the equilibrium runs, from 0; empty if each sample is prepared on its own."""
        return range(-(-self.samples // self.snapshots) if self.snapshots else 0)

    def snapshots_of(self, run: int) -> int:
        """Number of snapshots of one equilibrium run; the last run may have fewer.

        Raises
        ------
        IndexError
            If the ensemble has no such run.
        """
        if run not in self.runs:
            raise IndexError(f"ensemble {self.name}: no run {run} among {len(self.runs)}")
        return min(self.snapshots, self.samples - run * self.snapshots)

    def snapshot_of(self, sample: int) -> tuple[int, int]:
        """Equilibrium run that a sample is quenched from, and its snapshot within that run."""
        return divmod(sample, self.snapshots)

    def runs_of(self, bundle: int) -> range:
        """Indices of the equilibrium runs that the samples of one bundle are quenched from.

        Raises
        ------
        IndexError
            If the ensemble has no such bundle.
        """
        if not self.snapshots:
            return range(0)
        samples = self.samples_of(bundle)
        return range(self.snapshot_of(samples[0])[0], self.snapshot_of(samples[-1])[0] + 1)

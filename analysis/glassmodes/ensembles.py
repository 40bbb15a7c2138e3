"""Ensembles of samples, and the bundles and equilibrium runs that their samples belong to."""

from __future__ import annotations

from dataclasses import dataclass, field


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

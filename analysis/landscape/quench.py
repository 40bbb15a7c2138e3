"""Inherent structures of many configurations of one sample: the kernel of every quench.

Two minima are the same inherent structure if every particle of the rigid part of the packing lies
within a tolerance of its place, a uniform translation removed and displacements taken to the
nearest image. Rattlers, particles that hang in their cage without a load, have no place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.landscape.minimisers import relax

STRUCTURE_TOLERANCE = 1e-5
"""Largest displacement of a particle, in units of length, within one inherent structure."""


@dataclass(frozen=True)
class Quench:
    """Where one configuration came to rest.

    Attributes
    ----------
    positions : ndarray, shape=(N, d)
        Inherent structure, continuous with the configuration (no wrapping, same centre of mass).
    energy : float
        Total potential energy.
    max_force : float
        max_i |F_i|.
    converged : bool
        max_force below the tolerance.
    structure : int
        Index among :attr:`Quencher.structures`; -1 where it did not converge.
    is_new : bool
        First met here.
    evaluations : int
        Force evaluations.
    road : str
        What found it: "recognised", "fire", "newton".
    """

    positions: np.ndarray
    energy: float
    max_force: float
    converged: bool
    structure: int
    is_new: bool
    evaluations: int
    road: str


def mean_translation(moved, box):
    """Uniform translation of a displacement field that is known up to periods, shape=(d,).

    The circular mean first, so that particles on both sides of half a box do not cancel; then
    the mean of what is left.
    """
    angle = moved * (2.0 * np.pi / box)
    shift = np.arctan2(np.sin(angle).mean(axis=0), np.cos(angle).mean(axis=0)) * box / (2.0 * np.pi)
    rest = moved - shift
    rest -= box * np.rint(rest / box)
    return shift + rest.mean(axis=0)


class Quencher:
    """Quenches configurations of one sample and keeps the distinct inherent structures.

    Parameters
    ----------
    landscape : Landscape
    force_tolerance : float
        Largest force on a particle at an inherent structure.
    method : {"fast", "fire"}
    structure_tolerance : float
    """

    def __init__(
        self,
        landscape,
        *,
        force_tolerance=1e-10,
        method="fast",
        structure_tolerance=STRUCTURE_TOLERANCE,
    ):
        if method not in ("fast", "fire"):
            raise ValueError(f"method: {method!r} is not fast or fire")
        self.landscape = landscape
        self.force_tolerance = force_tolerance
        self.method = method
        self.structure_tolerance = structure_tolerance
        self.structures = []
        self.energies = []
        self._rigid = []

    def displacement(self, positions, structure: int) -> np.ndarray:
        """Displacement from a known structure, translation removed, minimum image, (N, d)."""
        moved = positions - self.structures[structure]
        moved -= mean_translation(moved, self.landscape.box)
        return moved - self.landscape.box * np.rint(moved / self.landscape.box)

    def find(self, positions) -> int:
        """Index of the structure to which a minimum belongs, -1 if it is not known."""
        for structure, rigid in enumerate(self._rigid):
            moved = self.displacement(positions, structure)
            rest = moved[rigid] - moved[rigid].mean(axis=0)
            if (rest**2).sum(axis=1).max(initial=0.0) < self.structure_tolerance**2:
                return structure
        return -1

    def remember(self, positions) -> int:
        """Make an inherent structure known; returns its index among the distinct ones."""
        found = self.find(positions)
        if found >= 0:
            return found
        expansion = self.landscape.expand(positions)
        self.structures.append(np.array(positions, dtype=float))
        self.energies.append(expansion.energy)
        self._rigid.append(rigid_particles(expansion, 1e2 * self.force_tolerance))
        return len(self.structures) - 1

    def quench(self, positions) -> Quench:
        """Inherent structure of a configuration, shape=(N, d)."""
        result = relax(self.landscape, positions, force_tolerance=self.force_tolerance)
        structure, is_new = -1, False
        if result.converged:
            known = len(self.structures)
            structure = self.remember(result.positions)
            is_new = structure == known
        return Quench(
            result.positions,
            result.energy,
            result.max_force,
            result.converged,
            structure,
            is_new,
            result.iterations,
            "fire",
        )


def rigid_particles(expansion, smallest_force) -> np.ndarray:
    """Particles that the packing holds: at least d + 1 loaded bonds, others counted out in turn.

    Parameters
    ----------
    expansion : Expansion
    smallest_force : float
        Bonds with less are contacts that a rattler happens to touch.

    Returns
    -------
    ndarray, shape=(N,), bool
    """
    load = np.abs(expansion.bond_coefficients[1]) * expansion.distance
    first, second = (side[load > smallest_force] for side in (expansion.first, expansion.second))
    rigid = np.ones(expansion.particles, dtype=bool)
    while True:
        bonds = np.bincount(first, minlength=len(rigid)) + np.bincount(second, minlength=len(rigid))
        loose = rigid & (bonds <= expansion.dimension)
        if not loose.any():
            return rigid
        rigid[loose] = False
        kept = rigid[first] & rigid[second]
        first, second = first[kept], second[kept]

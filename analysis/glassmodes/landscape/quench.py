"""Inherent structures of many configurations of one sample: the kernel of every quench.

The walk is FIRE's, as LAMMPS has it (:mod:`glassmodes.landscape.descent`), so FIRE alone decides
the minimum. What is saved is its end, two thirds and more of the steps: where a walk has come so
close to an inherent structure that is known already that its outcome is certain, it is not walked
out.

Recognition. With u the displacement from a known structure of Hessian M, uniform translation
removed, and F the forces, the structure is taken for the outcome if

    max_i |u_i| <= radius    and    max_i |F_i + (M u)_i| <= nonlinearity max_i |F_i|.

The second line says that the forces are the harmonic ones of that structure but for a part; it
fails near any other minimum and near any saddle, where F vanishes and M u does not, and it carries
no scale. The first keeps the walk well inside the distance to the nearest other minimum. A frame
that does not satisfy both is walked on to the force tolerance, so what is known changes the cost
of a quench and not its outcome.

Same structure. Two minima are the same inherent structure if every particle of the rigid part of
the packing lies within `structure_tolerance` of its place, a uniform translation removed and
displacements taken to the nearest image. Minima found twice differ by the force tolerance over the
softest stiffness, 1e-8 or so; the smallest rearrangements move a particle by 1e-2 and more in
12-IPL, by 1e-4 in harmonic spheres. Rattlers, which hang in their cage without a load, have no
place and do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from glassmodes.landscape.descent import CONVERGED, LIMIT, NOT_FINITE, Descent

STRUCTURE_TOLERANCE = 1e-5
"""Largest displacement of a particle, in units of length, within one inherent structure."""

MOST_EVALUATIONS = 100_000
"""Force evaluations after which a quench is given up."""

_STRIDE = 5
"""Force evaluations between two looks at the known structures."""

_WATCHED, _EXPANDED = 64, 4
"""Structures, the latest first, that a walk is compared with, and whose Hessian is kept."""


@dataclass(frozen=True)
class Recognition:
    """When a walk may stop at a structure that is known; see the module.

    Attributes
    ----------
    radius : float
        Largest displacement of a particle, in units of length.
    nonlinearity : float
        Largest share of the forces that is not harmonic.
    """

    radius: float
    nonlinearity: float


RECOGNITION = {"harmonic": Recognition(1e-2, 1e-2)}
"""By potential family. Contacts of harmonic spheres open and close: minima lie 1e-4 apart."""

SMOOTH_RECOGNITION = Recognition(1e-2, 1.0)
"""Of smooth potentials."""


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


@njit(cache=True)
def _distance(points, structure, rigid, radius, shift):
    """Largest displacement of a rigid particle, the mean of theirs (into `shift`) removed.

    Stops at the first that is further than the radius, with infinity.
    """
    d, n = structure.shape
    count = 0
    shift[:] = 0.0
    for i in range(n):
        if rigid[i]:
            count += 1
            for a in range(d):
                shift[a] += points[a, i] - structure[a, i]
    if count == 0:
        return np.inf
    shift /= count
    largest = 0.0
    for i in range(n):
        if rigid[i]:
            square = 0.0
            for a in range(d):
                step = points[a, i] - structure[a, i] - shift[a]
                square += step * step
            if square > radius * radius:
                return np.inf
            largest = max(largest, square)
    return np.sqrt(largest)


class _Known:
    """An inherent structure, and what recognises it."""

    def __init__(self, positions, expansion, smallest_load):
        self.positions = positions
        self.energy = expansion.energy
        self.max_force = expansion.max_force
        self.rigid = rigid_particles(expansion, smallest_load)
        self.placed, self.placed_rigid, self.listing = None, None, -1


class Quencher:
    """Quenches configurations of one sample and keeps the distinct inherent structures.

    Parameters
    ----------
    landscape : Landscape
    force_tolerance : float
        Largest force on a particle at an inherent structure.
    method : {"fast", "fire"}
        `fire` walks every configuration out; `fast` stops where it recognises a structure.
    structure_tolerance : float
        See the module.
    recognition : Recognition, optional
        By default that of the potential's family.
    max_evaluations : int
    """

    def __init__(
        self,
        landscape,
        *,
        force_tolerance=1e-10,
        method="fast",
        structure_tolerance=STRUCTURE_TOLERANCE,
        recognition=None,
        max_evaluations=MOST_EVALUATIONS,
    ):
        if method not in ("fast", "fire"):
            raise ValueError(f"method: {method!r} is not fast or fire")
        self.landscape = landscape
        self.force_tolerance = force_tolerance
        self.method = method
        self.structure_tolerance = structure_tolerance
        self.recognition = recognition or RECOGNITION.get(
            landscape.potential.family, SMOOTH_RECOGNITION
        )
        self.max_evaluations = max_evaluations
        self._descent = Descent(landscape)
        self._known: list[_Known] = []
        # indices, the latest first; and the Hessians of some of them
        self._visited: list[int] = []
        self._expansions = {}

    @property
    def structures(self) -> list[np.ndarray]:
        """Distinct inherent structures in the order in which they were met, (N, d) each."""
        return [known.positions for known in self._known]

    @property
    def energies(self) -> list[float]:
        """Total potential energies of the structures."""
        return [known.energy for known in self._known]

    def displacement(self, positions, structure: int) -> np.ndarray:
        """Displacement from a structure, translation removed, minimum image, shape=(N, d).

        The translation is that of the rigid particles; rattlers have displacements too.
        """
        known, box = self._known[structure], self.landscape.box
        moved = positions - known.positions
        moved -= mean_translation(moved[known.rigid] if known.rigid.any() else moved, box)
        return moved - box * np.rint(moved / box)

    def find(self, positions) -> int:
        """Index of the structure to which a minimum belongs, -1 if it is not known."""
        energy = self.landscape.energy_and_forces(positions)[0]
        return self._find(positions, energy)

    def _find(self, minimum, energy):
        for structure in self._visited:
            known = self._known[structure]
            # far above the noise of converged energies; spares most comparisons
            if abs(known.energy - energy) > 1e-7 * abs(energy) + 1e-12:
                continue
            moved = self.displacement(minimum, structure)[known.rigid]
            if (moved**2).sum(axis=1).max(initial=0.0) < self.structure_tolerance**2:
                return structure
        return -1

    def remember(self, positions) -> int:
        """Make an inherent structure known; returns its index among the distinct ones.

        One whose forces are not below the tolerance is quenched first; -1 if that fails.
        """
        positions = np.array(positions, dtype=float)
        expansion = self.landscape.expand(positions)
        if expansion.max_force >= self.force_tolerance:
            return self.quench(positions).structure
        return self._remember(positions, expansion)

    def _remember(self, minimum, expansion):
        found = self._find(minimum, expansion.energy)
        if found < 0:
            self._known.append(_Known(minimum, expansion, 1e2 * self.force_tolerance))
            found = len(self._known) - 1
            self._expansions[found] = expansion
        self._visit(found)
        return found

    def _visit(self, structure):
        if structure in self._visited:
            self._visited.remove(structure)
        self._visited.insert(0, structure)
        for old in [s for s in self._expansions if s not in self._visited[:_EXPANDED]]:
            del self._expansions[old]
        if len(self._visited) > _WATCHED:
            self._known[self._visited[_WATCHED]].placed = None
            self._known[self._visited[_WATCHED]].listing = -1

    def _expansion(self, structure):
        if structure not in self._expansions:
            self._expansions[structure] = self.landscape.expand(self._known[structure].positions)
        return self._expansions[structure]

    def forget(self, known: int, latest: int = 0) -> None:
        """Keep the first `known` structures alone, and nothing of what else was quenched.

        The next quench is then the same to the last bit, whatever came before.

        Parameters
        ----------
        known : int
        latest : int
            Index of the structure that is looked at first.
        """
        del self._known[known:]
        self._expansions = {s: e for s, e in self._expansions.items() if s < known}
        self._visited = list(range(len(self._known)))
        if self._known:
            self._visit(min(latest, len(self._known) - 1))
            self._descent.prefer(self._known[self._visited[0]].positions)
        self._descent.forget()

    def quench(self, positions) -> Quench:
        """Inherent structure of a configuration, shape=(N, d); non-convergence is reported."""
        descent = self._descent
        if self._known:
            # thermal displacements from a minimum are smaller than between two frames
            descent.prefer(self._known[self._visited[0]].positions)
        descent.start(positions)
        looking = self.method == "fast" and bool(self._known)
        while True:
            left = self.max_evaluations - descent.evaluations
            status = descent.walk(self.force_tolerance, min(_STRIDE, left) if looking else left)
            if status != LIMIT or left <= _STRIDE:
                break
            if looking:
                found = self._recognise()
                if found is not None:
                    return found
        found, energy, max_force = descent.positions, np.nan, descent.max_force
        structure, is_new = -1, False
        if status == CONVERGED:
            known = len(self._known)
            structure = self._remember(found, self.landscape.expand(found))
            is_new = structure == known
            energy = self._known[structure].energy
        elif status != NOT_FINITE:
            energy = self.landscape.energy_and_forces(found)[0]
        return Quench(
            *(found, energy, max_force, status == CONVERGED, structure, is_new),
            *(descent.evaluations, "fire"),
        )

    def _recognise(self):
        """The quench, if the walk is certain to end in a known structure; else None."""
        descent = self._descent
        shift = np.zeros(self.landscape.model.dimension)
        for structure in self._visited[:_WATCHED]:
            known = self._known[structure]
            if known.listing != descent.listing:
                known.placed = descent.placed(known.positions)
                known.placed_rigid = known.rigid[descent.order]
                known.listing = descent.listing
            placed = known.placed
            rigid, radius = known.placed_rigid, self.recognition.radius
            if not np.isfinite(_distance(descent.points, placed, rigid, radius, shift)):
                continue
            n = placed.shape[1]
            moved = descent.in_order(descent.points[:, :n] - placed - shift[:, None])
            # a rattler's displacement exerts no force
            moved[~known.rigid] = 0.0
            forces = descent.forces
            rest = (forces + self._expansion(structure).hessian_product(moved))[known.rigid]
            largest = np.sqrt((forces[known.rigid] ** 2).sum(axis=1).max())
            if np.sqrt((rest**2).sum(axis=1).max()) <= self.recognition.nonlinearity * largest:
                self._visit(structure)
                return Quench(
                    *(descent.unplaced(placed + shift[:, None]), known.energy, known.max_force),
                    *(True, structure, False, descent.evaluations, "recognised"),
                )
        return None


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

"""Inherent structures of many configurations of one sample.

The minimiser is FIRE with the algorithm of LAMMPS (:mod:`glassmodes.landscape.descent`), and FIRE
alone decides which minimum is reached. To save the last part of a minimisation, two thirds and
more of its steps, it is stopped once it is certain to end in an inherent structure that is known
already.

Recognition. Let u be the displacement from a known structure with Hessian M, a uniform
translation removed, and F the forces. The structure is taken as the result if

    max_i |u_i| <= radius    and    max_i |F_i + (M u)_i| <= nonlinearity max_i |F_i|.

By the second condition the forces are those of the harmonic expansion around that structure, up
to a given part. It fails near any other minimum and near any saddle, where F vanishes but M u
does not, and it contains no scale. By the first condition the configuration is much closer to the
structure than the nearest other minimum. A configuration that does not satisfy both is minimised
to the force tolerance, so the known structures change the cost of a quench and not its result.

Identity. Two minima are the same inherent structure if each particle of the rigid part of the
packing is displaced by less than `structure_tolerance` between them, to the nearest periodic
image and with a uniform translation removed. Minima found twice differ by the force tolerance
over the smallest stiffness, about 1e-8. The smallest rearrangements move a particle by 1e-2 and
more in 12-IPL, and by 1e-4 in harmonic spheres. Rattlers, which carry no load, have no definite
position and are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from glassmodes.landscape.descent import CONVERGED, LIMIT, NOT_FINITE, Descent

STRUCTURE_TOLERANCE = 1e-5
"""Largest displacement of a particle between two minima that are the same inherent structure, in
units of length.
"""

MOST_EVALUATIONS = 100_000
"""Largest number of force evaluations of a quench."""

_STRIDE = 5
"""Number of force evaluations between two comparisons with the known structures."""

_WATCHED, _EXPANDED = 64, 4
"""Number of known structures, the latest first, that a configuration is compared with, and number
of them whose Hessian is kept in memory.
"""


@dataclass(frozen=True)
class Recognition:
    """Criterion by which a known structure is recognised; see the module.

    Attributes
    ----------
    radius : float
        Largest displacement of a particle from the structure, in units of length.
    nonlinearity : float
        Largest difference between the forces and the harmonic ones, relative to the forces.
    """

    radius: float
    nonlinearity: float


RECOGNITION = {"harmonic": Recognition(1e-2, 1e-2)}
"""Criteria by family of the potential. Contacts of harmonic spheres open and close, and minima can
be as close as 1e-4, so their criterion is stricter.
"""

SMOOTH_RECOGNITION = Recognition(1e-2, 1.0)
"""Criterion for all other families, whose potentials are smooth."""


@dataclass(frozen=True)
class Quench:
    """Result of one quench.

    Attributes
    ----------
    positions : ndarray, shape=(N, d)
        Inherent structure, in the periodic images of the initial configuration and with its centre
        of mass.
    energy : float
        Total potential energy.
    max_force : float
        Largest force on a particle, max_i |F_i|.
    converged : bool
        Whether `max_force` is below the tolerance.
    structure : int
        Index among :attr:`Quencher.structures`; -1 if the quench did not converge.
    is_new : bool
        Whether this quench found the structure for the first time.
    evaluations : int
        Number of force evaluations.
    road : str
        How the quench ended: "fire" (minimised to the force tolerance) or "recognised".
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
    """Mean of a displacement field that is known up to multiples of the box edges, shape=(d,).

    The circular mean is subtracted first, so that particles displaced by about half a box edge in
    either direction do not cancel; then the mean of the remainder is added to it.

    Parameters
    ----------
    moved : ndarray, shape=(N, d)
        Displacements.
    box : ndarray, shape=(d,)
        Edge lengths of the periodic box.
    """
    angle = moved * (2.0 * np.pi / box)
    shift = np.arctan2(np.sin(angle).mean(axis=0), np.cos(angle).mean(axis=0)) * box / (2.0 * np.pi)
    rest = moved - shift
    rest -= box * np.rint(rest / box)
    return shift + rest.mean(axis=0)


@njit(cache=True)
def _distance(points, structure, rigid, radius, shift):
    """Largest displacement of a rigid particle from a structure, their mean displacement removed.

    The mean displacement is written into `shift`. Returns infinity as soon as one particle is
    further away than the radius.
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
    """A known inherent structure, with the arrays that its recognition needs."""

    def __init__(self, positions, expansion, smallest_load):
        self.positions = positions
        self.energy = expansion.energy
        self.max_force = expansion.max_force
        self.rigid = rigid_particles(expansion, smallest_load)
        self.placed, self.placed_rigid, self.listing = None, None, -1


class Quencher:
    """Quenches configurations of one sample and collects the distinct inherent structures.

    Parameters
    ----------
    landscape : Landscape
        Energy of the sample.
    force_tolerance : float
        Bound on the largest force on a particle of an inherent structure.
    method : {"fast", "fire"}
        `fire` minimises every configuration to the tolerance; `fast` stops when a known structure
        is recognised.
    structure_tolerance : float
        Largest displacement of a particle between two minima that are the same structure.
    recognition : Recognition, optional
        Criterion of recognition, by default that of the family of the potential.
    max_evaluations : int
        Largest number of force evaluations of one quench.

    Raises
    ------
    ValueError
        For an unknown method.
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
        # indices of known structures, the latest first, and the expansions of some of them
        self._visited: list[int] = []
        self._expansions = {}

    @property
    def structures(self) -> list[np.ndarray]:
        """Positions of the distinct structures, shape=(N, d) each, in order of discovery."""
        return [known.positions for known in self._known]

    @property
    def energies(self) -> list[float]:
        """Total potential energies of the distinct inherent structures."""
        return [known.energy for known in self._known]

    def displacement(self, positions, structure: int) -> np.ndarray:
        """Displacement of a configuration from a known structure, shape=(N, d).

        Displacements are taken to the nearest periodic image. The mean displacement of the rigid
        particles is removed; rattlers have displacements too.

        Parameters
        ----------
        positions : ndarray, shape=(N, d)
        structure : int
            Index among :attr:`structures`.
        """
        known, box = self._known[structure], self.landscape.box
        moved = positions - known.positions
        moved -= mean_translation(moved[known.rigid] if known.rigid.any() else moved, box)
        return moved - box * np.rint(moved / box)

    def find(self, positions) -> int:
        """Index of the known structure to which a minimum, shape=(N, d), belongs; -1 for none."""
        energy = self.landscape.energy_and_forces(positions)[0]
        return self._find(positions, energy)

    def _find(self, minimum, energy):
        """Index of the known structure that a minimum is the same as; -1 for none."""
        for structure in self._visited:
            known = self._known[structure]
            # the bound is far above the noise of converged energies, and spares most comparisons
            if abs(known.energy - energy) > 1e-7 * abs(energy) + 1e-12:
                continue
            moved = self.displacement(minimum, structure)[known.rigid]
            if (moved**2).sum(axis=1).max(initial=0.0) < self.structure_tolerance**2:
                return structure
        return -1

    def remember(self, positions) -> int:
        """Add an inherent structure to the known ones, unless it is known.

        Parameters
        ----------
        positions : ndarray, shape=(N, d)
            Inherent structure; quenched first if its forces exceed the tolerance.

        Returns
        -------
        int
            Index among :attr:`structures`; -1 if the quench did not converge.
        """
        positions = np.array(positions, dtype=float)
        expansion = self.landscape.expand(positions)
        if expansion.max_force >= self.force_tolerance:
            return self.quench(positions).structure
        return self._remember(positions, expansion)

    def _remember(self, minimum, expansion):
        """Index of a minimum among the known structures, to which it is added if it is new."""
        found = self._find(minimum, expansion.energy)
        if found < 0:
            self._known.append(_Known(minimum, expansion, 1e2 * self.force_tolerance))
            found = len(self._known) - 1
            self._expansions[found] = expansion
        self._visit(found)
        return found

    def _visit(self, structure):
        """Put a structure first in the order of comparison; free memory of those far behind."""
        if structure in self._visited:
            self._visited.remove(structure)
        self._visited.insert(0, structure)
        for old in [s for s in self._expansions if s not in self._visited[:_EXPANDED]]:
            del self._expansions[old]
        if len(self._visited) > _WATCHED:
            self._known[self._visited[_WATCHED]].placed = None
            self._known[self._visited[_WATCHED]].listing = -1

    def _expansion(self, structure):
        """Expansion of the energy around a known structure, computed if it is not in memory."""
        if structure not in self._expansions:
            self._expansions[structure] = self.landscape.expand(self._known[structure].positions)
        return self._expansions[structure]

    def forget(self, known: int, latest: int = 0) -> None:
        """Discard all structures but the first ones, and all other traces of earlier quenches.

        The next quench then gives the same result to the last bit, whatever was quenched before.

        Parameters
        ----------
        known : int
            Number of structures to keep.
        latest : int
            Index of the structure that configurations are compared with first.
        """
        del self._known[known:]
        self._expansions = {s: e for s, e in self._expansions.items() if s < known}
        self._visited = list(range(len(self._known)))
        if self._known:
            self._visit(min(latest, len(self._known) - 1))
            self._descent.prefer(self._known[self._visited[0]].positions)
        self._descent.forget()

    def quench(self, positions) -> Quench:
        """Find the inherent structure of a configuration.

        Parameters
        ----------
        positions : ndarray, shape=(N, d)
            Configuration, inside the box or not.

        Returns
        -------
        Quench
            `converged` is false if the quench did not converge; no exception is raised for that.

        Raises
        ------
        NeighbourError
            If a position is not finite.
        """
        descent = self._descent
        if self._known:
            # a configuration is closer to its minimum than to the configuration quenched before
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
        """The quench, if it is certain to end in a known structure; else None."""
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
            # the displacement of a rattler causes no force
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
    """Particles that are held in place by the packing.

    Particles with fewer than d + 1 loaded bonds are removed one after another, with their bonds,
    until none is left.

    Parameters
    ----------
    expansion : Expansion
        Expansion of the energy at a minimum.
    smallest_force : float
        Force up to which a bond counts as unloaded; a rattler may happen to touch its neighbours.

    Returns
    -------
    ndarray, shape=(N,), dtype=bool
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

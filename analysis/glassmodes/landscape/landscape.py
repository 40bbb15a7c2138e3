"""The energy of one sample as a function of its positions."""

from __future__ import annotations

import numpy as np

from glassmodes.landscape import kernels
from glassmodes.landscape.expansion import Expansion
from glassmodes.landscape.neighbours import NeighbourError, neighbour_table

SKIN = 0.3
"""Distance by which the neighbour list exceeds the interaction range, in units of length."""


class Landscape:
    """Potential energy of one sample as a function of the positions of its particles.

    Parameters
    ----------
    model : GlassModel
        Model of the sample.
    box : array_like, shape=(d,)
        Edge lengths of the periodic box.
    species : array_like, shape=(N,), int
        Species of each particle, from 0.
    diameter : array_like, shape=(N,)
        Diameter of each particle; it matters for polydisperse models only.

    Raises
    ------
    NeighbourError
        If a box edge is smaller than twice the largest interaction range.
    """

    def __init__(self, model, box, species, diameter):
        self.model = model
        self.potential = model.potential
        self.box = np.asarray(box, dtype=float)
        self.species = np.asarray(species, dtype=np.int32)
        self.diameter = np.asarray(diameter, dtype=float)
        self.cutoff = model.largest_cutoff(self.diameter)
        if self.box.min() < 2.0 * self.cutoff:
            raise NeighbourError(
                f"model {model.name}: the box edge {self.box.min():.4g} is smaller than twice the "
                f"largest cutoff {self.cutoff:.4g}; at this density at least "
                f"{model.smallest_system()} particles are needed"
            )
        # the skin is limited by the box: no pair may interact with two images
        self._skin = min(SKIN, 0.5 * self.box.min() - self.cutoff)
        self._box = tuple(float(edge) for edge in self.box)
        self._sizes = model.non_additivity if model.is_polydisperse else model.pair_diameters
        self._listed = None

    @classmethod
    def of_glass(cls, model, glass) -> Landscape:
        """Landscape of a stored sample.

        Parameters
        ----------
        model : GlassModel
            Model of the sample.
        glass : glassmodes.data.storage.Glass
            Sample, whose box, species and diameters are used.
        """
        return cls(model, glass.box, glass.species, glass.diameter)

    def anew(self, diameter=None) -> Landscape:
        """A landscape of the same sample without a neighbour list.

        Parameters
        ----------
        diameter : ndarray, shape=(N,), optional
            Other diameters of the particles.
        """
        own = self.diameter if diameter is None else diameter
        return type(self)(self.model, self.box, self.species, own)

    @property
    def particles(self) -> int:
        """Number of particles N."""
        return len(self.species)

    def _neighbour_list(self, positions, skin):
        """Full neighbour list within the interaction range plus a skin, and the pair diameters."""
        starts, neighbours = neighbour_table(
            positions,
            self.box,
            self.potential.cutoff,
            self.species,
            self.diameter,
            self._sizes,
            skin,
        )
        sizes = kernels.entry_diameters(
            starts,
            neighbours,
            self.species,
            self.diameter,
            np.atleast_2d(np.asarray(self._sizes, dtype=float)),
            self.model.is_polydisperse,
        )
        return starts, neighbours, sizes

    def _update_list(self, positions):
        """Rebuild the neighbour list if a particle has moved by more than half the skin."""
        if self._listed is not None:
            moved = positions - self._listed
            moved -= self.box * np.rint(moved / self.box)
            if (moved**2).sum(axis=1).max() < (0.5 * self._skin) ** 2:
                return
        self._starts, self._neighbours, sizes = self._neighbour_list(positions, self._skin)
        self._inverse_square = 1.0 / sizes**2
        self._listed = positions.copy()

    def energy_and_forces(self, positions) -> tuple[float, np.ndarray]:
        """Total energy and forces of a configuration.

        The neighbour list is kept until a particle has moved by half the skin.

        Parameters
        ----------
        positions : ndarray, shape=(N, d)
            Positions, inside the box or not.

        Returns
        -------
        energy : float
            Total potential energy U.
        forces : ndarray, shape=(N, d)
            -dU/dr.

        Raises
        ------
        NeighbourError
            If a position is not finite.
        """
        positions = np.ascontiguousarray(positions, dtype=float)
        if not np.isfinite(positions).all():
            raise NeighbourError("positions hold NaN or infinity")
        self._update_list(positions)
        axes = list(np.ascontiguousarray(positions.T)) + [None] * (4 - positions.shape[1])
        forces = np.empty_like(positions)
        energy = kernels.energy_and_forces(
            *axes,
            self._box,
            self._starts,
            self._neighbours,
            self._inverse_square,
            self.potential.cutoff,
            self.potential.laurent,
            forces,
        )
        return energy, forces

    def expand(self, positions) -> Expansion:
        """Expansion of the energy around a configuration, to fourth order.

        Parameters
        ----------
        positions : ndarray, shape=(N, d)
            Positions, inside the box or not.

        Returns
        -------
        Expansion

        Raises
        ------
        NeighbourError
            If a position is not finite.
        """
        positions = np.ascontiguousarray(positions, dtype=float)
        starts, neighbours, sizes = self._neighbour_list(positions, 0.0)
        first = np.repeat(np.arange(self.particles, dtype=np.int32), np.diff(starts))
        half = first < neighbours
        return Expansion(
            self.potential, positions, self.box, first[half], neighbours[half], sizes[half]
        )

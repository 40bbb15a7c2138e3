"""Pair lists of one moving sample, and the forces from them, for FIRE and molecular dynamics.

Four measures make a step cheap. Particles are stored in spatial order. Periodic images are stored
as ghost particles, so that the inner loop needs no minimum image. Coefficients that a potential
does not have are absent from the compiled loop. There are two lists: an outer list with a wide
skin, which is rebuilt rarely, and an inner list with a thin skin, which is selected from the outer
list whenever particles have moved.

Arguments that several compiled functions share: `points`, shape=(d, N + G), the coordinates of N
particles and G ghosts, and its rows `x`, `y`, `z` and `w`, None for axes beyond the dimension;
`owner`, shape=(G,), the particle that each ghost is an image of; `shift`, shape=(d, G), the
displacement of each ghost from its owner; `starts` and `neighbours`, a full neighbour list among
points; `size` and `inverse_square`, the pair diameter lambda of each entry and 1 / lambda^2;
`cutoff`, the range of the potential in pair diameters; and `near`, work space for the coordinates
of the neighbours of one particle.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from glassmodes.landscape import kernels
from glassmodes.landscape.neighbours import neighbour_table
from glassmodes.models.potentials import POWERS

OUTER_SKIN, INNER_SKIN = 1.0, 0.12
"""Distances by which the two lists exceed the interaction range in a solid, in units of length."""

_FURTHEST = 1e6
"""Largest coordinate, in units of the box edge, that a stable integration can reach."""

# the full set of fast-math options would let the compiler assume that no NaN or infinity occurs,
# and tests for them would be removed
REORDERED = {"reassoc", "contract", "arcp", "nsz"}
"""Fast-math options of LLVM that allow sums to be reordered but keep the handling of infinity and
NaN.
"""


@njit(cache=True)
def _images(starts, neighbours, positions, box, particles):
    """Give the entries of a full list the indices of particles or ghosts, and list the ghosts.

    A ghost is a particle displaced by at most one box edge along each axis; its image code has one
    ternary digit for each axis.
    """
    d = positions.shape[1]
    codes = 3**d
    ghost_of = np.full((particles, codes), -1, np.int32)
    extended = np.empty(len(neighbours), np.int32)
    owner = np.empty(particles * (codes - 1), np.int32)
    code_of = np.empty(particles * (codes - 1), np.int32)
    ghosts = 0
    for i in range(particles):
        for k in range(starts[i], starts[i + 1]):
            j = neighbours[k]
            code = 0
            for a in range(d):
                image = int(np.rint((positions[i, a] - positions[j, a]) / box[a]))
                code = 3 * code + image + 1
            if code == codes // 2:
                extended[k] = j
                continue
            if ghost_of[j, code] < 0:
                ghost_of[j, code] = particles + ghosts
                owner[ghosts] = j
                code_of[ghosts] = code
                ghosts += 1
            extended[k] = ghost_of[j, code]
    return extended, owner[:ghosts].copy(), code_of[:ghosts].copy()


@njit(cache=True, fastmath=True, error_model="numpy")
def place_ghosts(points, owner, shift):
    """Move each ghost to the position of its owner, shifted by a multiple of the box edges."""
    n = points.shape[1] - len(owner)
    for a in range(points.shape[0]):
        for g in range(len(owner)):
            points[a, n + g] = points[a, owner[g]] + shift[a, g]


@njit(cache=True, fastmath=True, error_model="numpy")
def prune(
    x, y, z, w, starts, neighbours, size, cutoff, skin, near, inner_starts, inner, inverse_square
):
    """Select the entries of the outer list within the interaction range plus a thin skin."""
    near_x, near_y, near_z, near_w = near[0], near[1], near[2], near[3]
    slot = 0
    for i in range(len(starts) - 1):
        inner_starts[i] = slot
        begin = starts[i]
        count = starts[i + 1] - begin
        for k in range(count):
            j = np.uint32(neighbours[begin + k])
            near_x[k] = x[j]
            near_y[k] = y[j]
            if z is not None:
                near_z[k] = z[j]
            if w is not None:
                near_w[k] = w[j]
        sizes = size[begin : begin + count]
        for k in range(count):
            square = (x[i] - near_x[k]) ** 2 + (y[i] - near_y[k]) ** 2
            if z is not None:
                square += (z[i] - near_z[k]) ** 2
            if w is not None:
                square += (w[i] - near_w[k]) ** 2
            reach = cutoff * sizes[k] + skin
            near_x[k] = square - reach * reach
        # every entry is stored and overwritten if out of range: a branch would be mispredicted
        # half of the time
        for k in range(count):
            inner[slot] = neighbours[begin + k]
            inverse_square[slot] = sizes[k]
            slot += np.int64(near_x[k] < 0.0)
    inner_starts[len(starts) - 1] = slot
    for k in range(slot):
        inverse_square[k] = 1.0 / (inverse_square[k] * inverse_square[k])


@njit(cache=True, fastmath=True, error_model="numpy")
def pair_forces(
    x, y, z, w, c12, c10, c8, c6, c4, c2, p1, p2, p4, p6,
    starts, neighbours, inverse_square, cutoff, near, forces,
):  # fmt: skip
    """Forces on the particles from a full list; absent axes and coefficients are None."""
    cutoff2 = cutoff * cutoff
    near_x, near_y, near_z, near_w = near[0], near[1], near[2], near[3]
    for i in range(len(starts) - 1):
        begin = starts[i]
        count = starts[i + 1] - begin
        for k in range(count):
            j = np.uint32(neighbours[begin + k])
            near_x[k] = x[j]
            near_y[k] = y[j]
            if z is not None:
                near_z[k] = z[j]
            if w is not None:
                near_w[k] = w[j]
        scale = inverse_square[begin : begin + count]
        fx = 0.0
        fy = 0.0
        fz = 0.0
        fw = 0.0
        for k in range(count):
            dx = x[i] - near_x[k]
            dy = y[i] - near_y[k]
            square = dx * dx + dy * dy
            if z is not None:
                dz = z[i] - near_z[k]
                square += dz * dz
            if w is not None:
                dw = w[i] - near_w[k]
                square += dw * dw
            s = square * scale[k]
            u = 1.0 / s
            # -(1/x) df/dx, to which a term a x^p contributes -p a x^(p-2)
            slope = 0.0
            if c12 is not None:
                slope += 12.0 * c12
            if c12 is not None or c10 is not None:
                slope *= u
            if c10 is not None:
                slope += 10.0 * c10
            if c12 is not None or c10 is not None or c8 is not None:
                slope *= u
            if c8 is not None:
                slope += 8.0 * c8
            if c12 is not None or c10 is not None or c8 is not None or c6 is not None:
                slope *= u
            if c6 is not None:
                slope += 6.0 * c6
            slope *= u
            if c4 is not None:
                slope += 4.0 * c4
            slope *= u
            if c2 is not None:
                slope += 2.0 * c2
            slope *= u * u
            if p1 is not None:
                slope -= p1 * np.sqrt(u)
            if p2 is not None:
                slope -= 2.0 * p2
            if p4 is not None:
                slope -= 4.0 * p4 * s
            if p6 is not None:
                slope -= 6.0 * p6 * s * s
            factor = slope * scale[k] if s < cutoff2 else 0.0
            fx += factor * dx
            fy += factor * dy
            if z is not None:
                fz += factor * dz
            if w is not None:
                fw += factor * dw
        forces[0, i] = fx
        forces[1, i] = fy
        if z is not None:
            forces[2, i] = fz
        if w is not None:
            forces[3, i] = fw


@njit(cache=True, fastmath=REORDERED, error_model="numpy")
def largest_move(points, origin):
    """Largest distance of a particle from its position in `origin`, shape=(d, N)."""
    d, n = origin.shape
    largest = 0.0
    for i in range(n):
        square = 0.0
        for a in range(d):
            step = points[a, i] - origin[a, i]
            square += step * step
        largest = max(largest, square)
    return np.sqrt(largest)


class PairLists:
    """Particles of one sample in spatial order, their ghosts, and the two pair lists.

    Parameters
    ----------
    landscape : Landscape
        Energy of the sample.
    outer_skin, inner_skin : float
        Distances by which the lists exceed the interaction range, in units of length; reduced if
        the box is too small for them.

    Attributes
    ----------
    listing : int
        Number of outer lists built so far. Arrays in the order of the list, such as those of
        :meth:`placed`, are valid for one outer list only.
    order : ndarray, shape=(N,), dtype=int
        Particle at each place of the list.
    points : ndarray, shape=(d, N + G)
        Coordinates of the particles in the order of the list, in the periodic image closest to the
        configuration around which it was built; then those of the G ghosts.
    """

    def __init__(self, landscape, outer_skin=OUTER_SKIN, inner_skin=INNER_SKIN):
        self.landscape = landscape
        coefficients = dict(zip(POWERS, landscape.potential.laurent, strict=True))
        self._terms = tuple(
            float(coefficients[p]) if coefficients[p] else None
            for p in (-12, -10, -8, -6, -4, -2, 1, 2, 4, 6)
        )
        # a small box limits the skins
        self._outer_skin = min(outer_skin, 0.5 * landscape.box.min() - landscape.cutoff)
        self._inner_skin = min(inner_skin, 0.4 * self._outer_skin)
        self._room = 0.5 * (self._outer_skin - self._inner_skin)
        self._origin = None
        self.listing = 0

    def is_within_bounds(self, positions) -> bool:
        """Whether positions are finite and no larger than a stable integration produces."""
        return bool(np.abs(positions).max() < _FURTHEST * self.landscape.box.max())

    def list_around(self, positions) -> None:
        """Build the outer list around a configuration, shape=(N, d)."""
        positions = np.ascontiguousarray(positions, dtype=float)
        landscape, box = self.landscape, self.landscape.box
        n, d = positions.shape
        positions = positions - box * np.floor(positions / box)
        # order particles by cells of about four, so that neighbours in space are close in memory
        cells = np.floor(positions / box * (n / 4) ** (1 / d))
        self.order = np.lexsort(cells.T)
        model = landscape.model
        sizes = landscape.model.non_additivity if model.is_polydisperse else model.pair_diameters
        species, diameter = landscape.species[self.order], landscape.diameter[self.order]
        origin = positions[self.order]
        starts, neighbours = neighbour_table(
            *(origin, box, landscape.potential.cutoff, species, diameter, sizes, self._outer_skin)
        )
        self._size = kernels.entry_diameters(
            *(starts, neighbours, species, diameter),
            np.atleast_2d(np.asarray(sizes, dtype=float)),
            model.is_polydisperse,
        )
        self._starts = starts
        self._outer, self._owner, codes = _images(starts, neighbours, origin, box, n)
        digits = codes[:, None] // 3 ** np.arange(d - 1, -1, -1) % 3 - 1
        self._shift = np.ascontiguousarray((digits * box).T)
        self._origin = np.ascontiguousarray(origin.T)
        self.points = np.zeros((d, n + len(codes)))
        self._axes = tuple(self.points) + (None,) * (4 - d)
        self._velocity, self._forces = np.zeros((d, n)), np.zeros((d, n))
        self._inner_starts = np.full(n + 1, -1, np.int64)
        self._inner = np.empty(len(neighbours) + 1, np.int32)
        self._inverse_square = np.empty(len(neighbours) + 1)
        self._inner_origin = np.zeros((d, n))
        self._near = np.empty((4, int(np.diff(starts).max(initial=1))))
        self.listing += 1

    def _fits(self, positions):
        """Take a configuration over if the outer list is valid for it; returns whether it is."""
        n, box = len(positions), self.landscape.box
        periods = box * np.rint((positions[self.order] - self._origin.T) / box)
        points = (positions[self.order] - periods).T
        if not ((points - self._origin) ** 2).sum(axis=0).max() <= self._room**2:
            return False
        self._periods = periods
        self.points[:, :n] = points
        return True

    def placed(self, positions):
        """A configuration, shape=(N, d), in order and images of :attr:`points`, shape=(d, N)."""
        box, origin = self.landscape.box, self._origin.T
        moved = positions[self.order] - origin
        return np.ascontiguousarray((origin + moved - box * np.rint(moved / box)).T)

    def unplaced(self, points):
        """Coordinates in the order of the list, shape=(d, N), as positions, shape=(N, d).

        The periodic images are those of the configuration that the minimisation or run started
        from.
        """
        return self.in_order(points + self._periods.T)

    def in_order(self, field):
        """A field in the order of the list, shape=(d, N), in that of particles, shape=(N, d)."""
        out = np.empty(field.shape[::-1])
        out[self.order] = field.T
        return out

    @property
    def positions(self) -> np.ndarray:
        """Present positions, in the periodic images of the start, shape=(N, d)."""
        return self.unplaced(self.points[:, : len(self.order)])

    @property
    def velocity(self) -> np.ndarray:
        """Present velocities, shape=(N, d)."""
        return self.in_order(self._velocity)

    @property
    def forces(self) -> np.ndarray:
        """Forces -dU/dr of the last evaluation, shape=(N, d)."""
        return self.in_order(self._forces)

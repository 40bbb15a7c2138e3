"""FIRE exactly as `min_style fire` of LAMMPS walks, compiled, on a pair list that it prunes itself.

The walk decides which minimum a configuration belongs to, so it is LAMMPS' own, to rounding:
semi-implicit Euler, half a step back and a fresh start where the power is not positive, and the
defaults of `min_modify` (Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006); Guenole et al.,
Comput. Mater. Sci. 175, 109584 (2020)). Only forces are computed: FIRE asks for no energy.

What makes a step cheap: particles in spatial order, periodic images as ghosts (no minimum image
in the inner loop), coefficients that a potential does not have absent from the compiled loop, and
two lists: an outer one with a wide skin, kept from one configuration to the next while the solid
stays in place, and an inner one with a thin skin, cut out of it whenever particles have moved.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from analysis.landscape import kernels
from analysis.landscape.neighbours import NeighbourError, neighbour_table
from analysis.models.potentials import POWERS

OUTER_SKIN, INNER_SKIN = 1.0, 0.12
"""Skins of the two lists, in units of length."""

DELAY, GROW, SHRINK, MIXING, MIXING_SHRINK = 20, 1.1, 0.5, 0.25, 0.99
LONGEST_STEP, SHORTEST_STEP, LONGEST_MOVE, MOST_UPHILL = 10.0, 0.02, 0.1, 2000
"""Defaults of LAMMPS' min_modify: delaystep, dtgrow, dtshrink, alpha0, alphashrink; tmax, tmin,
dmax, vdfmax."""

CONVERGED, OUTDATED, LIMIT, STUCK, NOT_FINITE = range(5)
"""Why :func:`walk` returned."""

_FURTHEST = 1e6
"""Coordinates, in units of the box, that no descent reaches."""

_MOVED, _STEPPED_BACK, _READY = 0.0, 1.0, 2.0
"""What a walk does first: forces and a step, forces and a fresh start, or the step alone."""

# sums may be reordered, but what is not a number must stay so
_REORDERED = {"reassoc", "contract", "arcp", "nsz"}


@njit(cache=True)
def _images(starts, neighbours, positions, box, particles):
    """Index of every entry among particles and ghosts, and the ghosts' owners and image codes."""
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
def _place_ghosts(points, owner, shift):
    n = points.shape[1] - len(owner)
    for a in range(points.shape[0]):
        for g in range(len(owner)):
            points[a, n + g] = points[a, owner[g]] + shift[a, g]


@njit(cache=True, fastmath=True, error_model="numpy")
def _prune(
    x, y, z, w, starts, neighbours, size, cutoff, skin, near, inner_starts, inner, inverse_square
):
    """Entries of the outer list within the range plus a thin skin."""
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
        # stored wherever it ends: a branch here would be guessed wrong every other time
        for k in range(count):
            inner[slot] = neighbours[begin + k]
            inverse_square[slot] = sizes[k]
            slot += np.int64(near_x[k] < 0.0)
    inner_starts[len(starts) - 1] = slot
    for k in range(slot):
        inverse_square[k] = 1.0 / (inverse_square[k] * inverse_square[k])


@njit(cache=True, fastmath=True, error_model="numpy")
def _forces(
    x, y, z, w, c12, c10, c8, c6, c4, c2, p1, p2, p4, p6,
    starts, neighbours, inverse_square, cutoff, near, forces,
):  # fmt: skip
    """Forces on the first particles from a full list; absent axes and coefficients are None."""
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
            # -(1/x) df/dx: every x^p gives -p x^(p-2)
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


@njit(cache=True, fastmath=_REORDERED, error_model="numpy")
def _largest_move(points, origin):
    d, n = origin.shape
    largest = 0.0
    for i in range(n):
        square = 0.0
        for a in range(d):
            step = points[a, i] - origin[a, i]
            square += step * step
        largest = max(largest, square)
    return np.sqrt(largest)


@njit(cache=True, fastmath=_REORDERED, error_model="numpy")
def _largest_force(forces):
    """Largest force on a particle, and the sum of squares (not finite if any force is not)."""
    d, n = forces.shape
    largest = 0.0
    total = 0.0
    for i in range(n):
        square = 0.0
        for a in range(d):
            square += forces[a, i] * forces[a, i]
        largest = max(largest, square)
        total += square
    return np.sqrt(largest), total


@njit(cache=True, fastmath=_REORDERED, error_model="numpy")
def walk(
    points, velocity, forces, axes, state, first_step, tolerance, evaluations,
    owner, shift, outer_starts, outer, size, outer_origin, outer_room,
    inner_starts, inner, inverse_square, inner_origin, inner_skin, cutoff, terms, near,
):  # fmt: skip
    """Walk until the forces are small, evaluations are used up, or a new outer list is needed.

    While the forces at the start are so large that LAMMPS' first step would have to be cut, every
    particle follows its own force, no further than the longest move, before FIRE begins.

    Parameters
    ----------
    points : ndarray, shape=(d, N + G)
        Particles, then their ghosts.
    velocity, forces : ndarray, shape=(d, N)
    axes : tuple
        The rows of `points`, None for the axes that the space does not have.
    state : ndarray, shape=(7,)
        Time step, mixing, steps, last step without power, such steps in a row, what is to be done
        first, force evaluations: all that is needed to go on.
    first_step : float
        Time step at the start, which sets its bounds.
    tolerance : float
        Of max_i |F_i|.
    evaluations : int
        Most force evaluations of this call.

    Returns
    -------
    int
        CONVERGED, OUTDATED, LIMIT, STUCK or NOT_FINITE.
    """
    d, n = velocity.shape
    x, y, z, w = axes
    c12, c10, c8, c6, c4, c2, p1, p2, p4, p6 = terms
    dt, mixing, steps, last_negative, uphill, pending = (
        state[0], state[1], state[2], state[3], state[4], state[5],
    )  # fmt: skip
    used = 0
    while True:
        if pending != _READY:
            if inner_starts[n] < 0 or _largest_move(points, inner_origin) > 0.5 * inner_skin:
                if not _largest_move(points, outer_origin) <= outer_room:
                    status = OUTDATED
                    break
                _place_ghosts(points, owner, shift)
                _prune(x, y, z, w, outer_starts, outer, size, cutoff, inner_skin, near,
                       inner_starts, inner, inverse_square)  # fmt: skip
                inner_origin[:] = points[:, :n]
            else:
                _place_ghosts(points, owner, shift)
            _forces(x, y, z, w, c12, c10, c8, c6, c4, c2, p1, p2, p4, p6,
                    inner_starts, inner, inverse_square, cutoff, near, forces)  # fmt: skip
            used += 1
        largest, force2 = _largest_force(forces)
        if not np.isfinite(force2):
            status = NOT_FINITE
            break
        fresh = pending == _STEPPED_BACK
        power = 0.0
        if not fresh:
            pending = _READY
            if largest < tolerance:
                status = CONVERGED
                break
            if used >= evaluations:
                status = LIMIT
                break
            if steps == 0.0 and largest * first_step * first_step > LONGEST_MOVE:
                # overlaps of a random start: FIRE would throw them across the box
                for i in range(n):
                    square = 0.0
                    for a in range(d):
                        square += forces[a, i] * forces[a, i]
                    push = min(first_step * first_step, LONGEST_MOVE / np.sqrt(square + 1e-30))
                    for a in range(d):
                        points[a, i] += push * forces[a, i]
                pending = _MOVED
                continue
            steps += 1.0
            speed2 = 0.0
            for a in range(d):
                for i in range(n):
                    power += velocity[a, i] * forces[a, i]
                    speed2 += velocity[a, i] * velocity[a, i]
            if power > 0.0:
                uphill = 0.0
                keep = 1.0 - mixing
                turn = mixing * np.sqrt(speed2 / force2) if force2 > 1e-20 else 0.0
                if steps - last_negative > DELAY:
                    dt = min(dt * GROW, LONGEST_STEP * first_step)
                    mixing *= MIXING_SHRINK
            else:
                last_negative = steps
                if steps >= DELAY:
                    mixing = MIXING
                    if dt * SHRINK >= SHORTEST_STEP * first_step:
                        dt *= SHRINK
                uphill += 1.0
                if uphill > MOST_UPHILL:
                    status = STUCK
                    break
                fresh = True
                if speed2 > 0.0:
                    # no further back than the limited step went forth
                    fastest = 0.0
                    for a in range(d):
                        for i in range(n):
                            fastest = max(fastest, abs(velocity[a, i]))
                    back = 0.5 * min(dt, LONGEST_MOVE / fastest)
                    for a in range(d):
                        for i in range(n):
                            points[a, i] -= back * velocity[a, i]
                            velocity[a, i] = 0.0
                    pending = _STEPPED_BACK
                    continue
        fastest = 0.0
        for a in range(d):
            for i in range(n):
                fastest = max(fastest, dt * abs(forces[a, i]) if fresh else abs(velocity[a, i]))
        step = dt
        if step * fastest > LONGEST_MOVE:
            step = LONGEST_MOVE / fastest
        if power > 0.0:
            push = keep * step + turn
        else:
            keep = 1.0
            push = step
        for a in range(d):
            for i in range(n):
                faster = keep * velocity[a, i] + push * forces[a, i]
                velocity[a, i] = faster
                points[a, i] += step * faster
        pending = _MOVED
    state[0], state[1], state[2], state[3], state[4], state[5] = (
        dt, mixing, steps, last_negative, uphill, pending,
    )  # fmt: skip
    state[6] += used
    return status


class Descent:
    """FIRE walks of one sample that share their pair lists.

    Parameters
    ----------
    landscape : Landscape
    time_step : float, optional
        LAMMPS' `timestep` at the start of a walk, by default the model's for FIRE.

    Attributes
    ----------
    evaluations : int
        Force evaluations since :meth:`start`.
    listing : int
        Counts the outer lists; what :meth:`placed` gave holds for one of them.
    order : ndarray, shape=(N,), int
        Particles in the order of the list.
    points : ndarray, shape=(d, N + G)
        The walk in that order, each particle in the image next to the list's origin; then ghosts.
    """

    def __init__(self, landscape, time_step=None):
        self.landscape = landscape
        model = landscape.model
        self.time_step = time_step or model.fire_time_step or model.time_step
        potential = landscape.potential
        coefficients = dict(zip(POWERS, potential.laurent, strict=True))
        self._terms = tuple(
            float(coefficients[p]) if coefficients[p] else None
            for p in (-12, -10, -8, -6, -4, -2, 1, 2, 4, 6)
        )
        # a small box leaves no room for the skins
        outer_skin = min(OUTER_SKIN, 0.5 * landscape.box.min() - landscape.cutoff)
        self._outer_skin, self._inner_skin = outer_skin, min(INNER_SKIN, 0.4 * outer_skin)
        self._room = 0.5 * (self._outer_skin - self._inner_skin)
        self._origin = None
        self._preferred = self._listed = None
        self.listing = 0
        self._state = np.zeros(7)

    @property
    def evaluations(self) -> int:
        return int(self._state[6])

    @property
    def steps(self) -> int:
        """Steps of FIRE, as LAMMPS counts them."""
        return int(self._state[2])

    @property
    def is_evaluated(self) -> bool:
        """Whether the forces are those of the present positions, after a whole step."""
        return bool(self._state[5] == _READY)

    def list_around(self, positions) -> None:
        """Build the outer list around a configuration, shape=(N, d)."""
        positions = np.ascontiguousarray(positions, dtype=float)
        landscape, box = self.landscape, self.landscape.box
        n, d = positions.shape
        positions = positions - box * np.floor(positions / box)
        # neighbours in space become neighbours in memory
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
        self._listed = None

    def prefer(self, positions) -> None:
        """Configuration around which the next outer list is built, if the walk starts near it."""
        self._preferred = positions

    def forget(self) -> None:
        """Keep nothing of earlier walks that the rounding of the next could depend on.

        An outer list around the preferred configuration stays.
        """
        if self._listed is None or self._listed is not self._preferred:
            self._origin = None
        else:
            self._inner_starts[-1] = -1

    def start(self, positions) -> None:
        """Begin a walk at rest, shape=(N, d)."""
        positions = np.ascontiguousarray(positions, dtype=float)
        if not np.isfinite(positions).all():
            raise NeighbourError("positions hold NaN or infinity")
        fits = self._origin is not None and self._fits(positions)
        if not fits and self._preferred is not None and self._listed is not self._preferred:
            self.list_around(self._preferred)
            self._listed = self._preferred
            fits = self._fits(positions)
        if not fits:
            self.list_around(positions)
            self._fits(positions)
        self._velocity[:] = 0.0
        self._state[:] = (self.time_step, MIXING, 0.0, 0.0, 0.0, _MOVED, 0.0)

    def _fits(self, positions):
        """Whether the outer list holds; takes the configuration over where it does."""
        n, box = len(positions), self.landscape.box
        periods = box * np.rint((positions[self.order] - self._origin.T) / box)
        points = (positions[self.order] - periods).T
        if not ((points - self._origin) ** 2).sum(axis=0).max() <= self._room**2:
            return False
        self._periods = periods
        self.points[:, :n] = points
        return True

    def placed(self, positions):
        """A configuration as :attr:`points` are, without ghosts, shape=(d, N)."""
        box, origin = self.landscape.box, self._origin.T
        moved = positions[self.order] - origin
        return np.ascontiguousarray((origin + moved - box * np.rint(moved / box)).T)

    def unplaced(self, points):
        """Such points, continuous with the configuration that the walk started from, (N, d)."""
        return self.in_order(points + self._periods.T)

    def in_order(self, field):
        """A field in the order of the list, shape=(d, N), in the order of particles, (N, d)."""
        out = np.empty(field.shape[::-1])
        out[self.order] = field.T
        return out

    @property
    def positions(self) -> np.ndarray:
        """Present configuration, continuous with the one that the walk started from, (N, d)."""
        return self.unplaced(self.points[:, : len(self.order)])

    @property
    def velocity(self) -> np.ndarray:
        """shape=(N, d)."""
        return self.in_order(self._velocity)

    @property
    def forces(self) -> np.ndarray:
        """shape=(N, d)."""
        return self.in_order(self._forces)

    @property
    def max_force(self) -> float:
        return float(_largest_force(self._forces)[0])

    def walk(self, tolerance, evaluations) -> int:
        """Go on until max_i |F_i| < tolerance or a number of force evaluations is used up.

        Returns
        -------
        int
            CONVERGED, LIMIT, STUCK or NOT_FINITE.
        """
        last = self.evaluations + int(evaluations)
        while True:
            status = walk(
                *(self.points, self._velocity, self._forces, self._axes, self._state),
                *(self.time_step, tolerance, last - self.evaluations),
                *(self._owner, self._shift, self._starts, self._outer, self._size, self._origin),
                *(self._room, self._inner_starts, self._inner, self._inverse_square),
                *(self._inner_origin, self._inner_skin, self.landscape.potential.cutoff),
                *(self._terms, self._near),
            )
            if status != OUTDATED:
                return status
            positions, velocity = self.positions, self.velocity
            # as NaN, and what an unstable walk throws out of all bounds
            if not np.abs(positions).max() < _FURTHEST * self.landscape.box.max():
                return NOT_FINITE
            self.list_around(positions)
            self._periods = positions[self.order] - self._origin.T
            self.points[:, : len(positions)] = self._origin
            self._velocity[:] = velocity[self.order].T

"""How far a mode can be pulled before the glass falls to another inherent structure.

Following Mizuno, Shimada and Ikeda, Phys. Rev. Research 2, 013215 (2020) [mizuno2020_anharmonic]:
particles are displaced by A sqrt(N) e_k (Eq. 5) from their inherent structure r_0, the energy is
minimised, and A_c is the smallest A for which another inherent structure is reached. A mode has no
sign, so both are tried, in step; the search ends with the smaller A_c unless that of the other sign
is asked for.

A_c is looked for on a geometric grid of amplitudes, from below: the first one that leaves r_0, then
bisection between it and the one before. The amplitude reported is the upper end of the last
bracket, at which the change was seen; `relative_precision` is the bracket's width over it. A system
that leaves r_0 and comes back between two points of the grid is not seen.

Outcomes of a mode

transition
    Another inherent structure was reached.
none
    Not up to the largest amplitude.
overlap
    Not up to the amplitude beyond which two particles are closer than `overlap_distance` pair
    diameters: potentials that diverge at contact alone. The paper disregards these modes.
not_converged
    A minimisation of the grid did not converge before anything changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np

from glassmodes.landscape.neighbours import neighbour_table
from glassmodes.models.potentials import POWERS
from glassmodes.transitions.rearrangements import describe, displacement

OUTCOMES = ("transition", "none", "overlap", "not_converged")

_LOWEST_FRACTION = 1e-6
"""Downwards extension of a grid whose first amplitude already changes, relative to it."""

_CURVE = np.array([1.4, 2.0, 2.8, 4.0])
"""Amplitudes at which a curve |Dr|(A) is followed further, in units of A_c."""


class ExcitationError(ValueError):
    """A window without modes, or modes that do not reach it; names the key and the value."""


@dataclass(frozen=True)
class ScanSettings:
    """Amplitudes that are tried.

    Attributes
    ----------
    smallest_amplitude, largest_amplitude : float
        Ends of the grid, in units of length; it goes on below the first where that changes already.
    grid_factor : float
        Ratio of neighbouring amplitudes of the grid.
    relative_precision : float
        Width of the last bracket over A_c.
    overlap_distance : float
        In units of the pair diameter.
    other_sign : bool
        Whether A_c of the other sign is looked for beyond the smaller A_c.
    """

    smallest_amplitude: float = 1e-5
    largest_amplitude: float = 0.1
    grid_factor: float = 2.0
    relative_precision: float = 0.05
    overlap_distance: float = 0.5
    other_sign: bool = False


@dataclass(frozen=True)
class ScanPoint:
    """One minimisation of a scan.

    Attributes
    ----------
    amplitude : float
        A.
    structure : int
        Inherent structure reached (0: where the scan starts; -1: not converged).
    positions : ndarray, shape=(N, d), or None
        Of the structure.
    energy : float
    evaluations : int
        Force evaluations.
    """

    amplitude: float
    structure: int
    positions: np.ndarray | None = None
    energy: float = np.nan
    evaluations: int = 0

    @property
    def changed(self) -> bool | None:
        """Whether the inherent structure is another one; None where it is not known."""
        return None if self.structure < 0 else self.structure != 0


@dataclass
class Scan:
    """What one sign of a mode did.

    Attributes
    ----------
    outcome : str
        One of :data:`OUTCOMES`, or `stopped` where the other sign has a smaller A_c.
    amplitude : float
        A_c; where there is no transition, up to where nothing was seen.
    precision : float
        Width of the last bracket over A_c, NaN without a transition.
    final : ScanPoint or None
        The minimisation at A_c.
    points : list of ScanPoint
        Every minimisation, in the order in which they were made.
    """

    outcome: str
    amplitude: float
    precision: float = np.nan
    final: ScanPoint | None = None
    points: list[ScanPoint] = field(default_factory=list)


class Climb:
    """Search of the smallest amplitude that changes the inherent structure, along one sign.

    Parameters
    ----------
    minimise : callable
        minimise(A) -> ScanPoint.
    settings : ScanSettings
    overlaps : callable, optional
        overlaps(A): whether particles overlap at the amplitude A; costs no minimisation.

    Attributes
    ----------
    outcome : str or None
        None while the grid has not been climbed; `bracketed` once an amplitude of it changes.
    low : float
        Largest amplitude at which nothing changed.
    high : ScanPoint or None
        Smallest that did.
    points : list of ScanPoint
    """

    def __init__(
        self,
        minimise: Callable[[float], ScanPoint],
        settings: ScanSettings,
        overlaps: Callable[[float], bool] | None = None,
    ):
        self._minimise, self._overlaps, self._settings = minimise, overlaps, settings
        self._limit, self._stop = settings.largest_amplitude, "none"
        self._next = min(settings.smallest_amplitude, self._limit)
        self.outcome, self.low, self.high, self.points = None, 0.0, None, []

    def _try(self, amplitude) -> ScanPoint:
        self.points.append(self._minimise(amplitude))
        return self.points[-1]

    def step(self) -> None:
        """Try the next amplitude of the grid."""
        if self._stop == "none" and self._overlaps is not None and self._overlaps(self._next):
            # the last amplitude is the largest without an overlap
            self._stop = "overlap"
            self._next = self._limit = _largest_without(
                self._overlaps, self.low, self._next, self._settings
            )
            if self._limit <= self.low:
                self.outcome = self._stop
                return
        point = self._try(self._next)
        if point.changed is None:
            self.outcome = "not_converged"
        elif point.changed:
            self.outcome, self.high = "bracketed", point
        else:
            self.low = point.amplitude
            self.outcome = self._stop if self.low >= self._limit else None
            self._next = min(self.low * self._settings.grid_factor, self._limit)

    def refine(self, enough: float = np.inf) -> Scan:
        """Bisect the bracket, if there is one, and close the search.

        Parameters
        ----------
        enough : float
            Stop once nothing changes up to here.
        """
        if self.outcome != "bracketed":
            return Scan(self.outcome or "stopped", self.low, points=self.points)
        settings = self._settings
        # the grid begins where nothing happens
        lowest = _LOWEST_FRACTION * self.high.amplitude
        while self.low == 0.0 and self.high.amplitude > lowest:
            point = self._try(self.high.amplitude / settings.grid_factor)
            if not point.changed:
                self.low = point.amplitude if point.changed is False else 0.0
                break
            self.high = point
        while self.high.amplitude - self.low > settings.relative_precision * self.high.amplitude:
            if self.low == 0.0 or self.low >= enough:
                break
            point = self._try(float(np.sqrt(self.low * self.high.amplitude)))
            if point.changed is None:
                # the bracket stays as wide as it is, and says so
                break
            if point.changed:
                self.high = point
            else:
                self.low = point.amplitude
        if self.low >= enough:
            return Scan("stopped", self.low, points=self.points)
        precision = (self.high.amplitude - self.low) / self.high.amplitude
        return Scan("transition", self.high.amplitude, precision, self.high, self.points)


def scan_amplitudes(climbs: dict[int, Climb], other_sign: bool = False) -> dict[int, Scan]:
    """Climb the grid along both signs in step, then bisect.

    Parameters
    ----------
    climbs : dict of int to Climb
        By sign.
    other_sign : bool
        Whether A_c of the other sign is looked for beyond the smaller A_c.

    Returns
    -------
    dict of int to Scan
    """
    decided = False
    while not decided:
        for climb in climbs.values():
            if climb.outcome is None:
                climb.step()
        ends = [climb.outcome for climb in climbs.values()]
        decided = None not in ends or (
            not other_sign and ("bracketed" in ends or "not_converged" in ends)
        )
    scans, smallest = {}, np.inf
    for sign, climb in climbs.items():
        scans[sign] = climb.refine(np.inf if other_sign else smallest)
        if scans[sign].outcome == "transition":
            smallest = min(smallest, scans[sign].amplitude)
    return scans


def _largest_without(overlaps, low, high, settings):
    """Largest amplitude below `high` without an overlap, to the relative precision."""
    low = low or high * _LOWEST_FRACTION
    if overlaps(low):
        return 0.0
    while high - low > settings.relative_precision * high:
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if overlaps(middle) else (middle, high)
    return low


@dataclass
class Excitation:
    """What pulling one mode does (columns of the table `excitations`).

    Attributes
    ----------
    frequency : float
    amplitude : float
        A_c, the smaller of both signs; NaN without a transition.
    sign : int
        That of e_k for `amplitude`; 0 without a transition.
    amplitude_other : float
        A_c of the other sign, NaN where it was not looked for or has none.
    barrier : float
        Phi(r_0 + A_c sqrt(N) e_k) - Phi(r_0) (Eq. 8).
    distance, energy_change, participants, largest
        Of the change (:class:`glassmodes.transitions.rearrangements.Rearrangement`).
    overlap : float
        I (Eq. 10).
    far_field_exponent, far_field_error : float
    outcome : str
        One of :data:`OUTCOMES`.
    scanned_to : float
        Largest amplitude of the scan that decides the outcome.
    minimisations, evaluations : int
        Of both signs; force evaluations.
    relative_precision : float
        Reached for `amplitude`.
    seconds : float
    """

    frequency: float
    amplitude: float = np.nan
    sign: int = 0
    amplitude_other: float = np.nan
    barrier: float = np.nan
    distance: float = np.nan
    energy_change: float = np.nan
    participants: float = np.nan
    largest: float = np.nan
    overlap: float = np.nan
    far_field_exponent: float = np.nan
    far_field_error: float = np.nan
    outcome: str = "none"
    scanned_to: float = np.nan
    minimisations: int = 0
    relative_precision: float = np.nan
    evaluations: int = 0
    seconds: float = np.nan

    def row(self) -> dict:
        """As one row of the table."""
        return asdict(self)


class ModeExciter:
    """Pulls the modes of one inherent structure.

    Parameters
    ----------
    quencher : glassmodes.landscape.quench.Quencher
        Knows no structure yet, or `positions` as its first.
    positions : ndarray, shape=(N, d)
        r_0, an inherent structure.
    settings : ScanSettings

    Raises
    ------
    ExcitationError
        If `positions` is not the quencher's first structure.
    """

    def __init__(self, quencher, positions, settings: ScanSettings):
        self.quencher = quencher
        self.landscape = quencher.landscape
        self.settings = settings
        self.start = np.array(positions, dtype=float)
        if quencher.remember(self.start) != 0:
            raise ExcitationError("the quencher knows another structure as its first")
        self.energy, _ = self.landscape.energy_and_forces(self.start)
        laurent = self.landscape.potential.laurent
        self._diverges = any(laurent[k] != 0.0 for k, power in enumerate(POWERS) if power < 0)

    def displaced(self, vector, amplitude: float) -> np.ndarray:
        """r_0 + A sqrt(N) e_k (Eq. 5); the sign of A is that of e_k."""
        return self.start + amplitude * np.sqrt(len(self.start)) * vector

    def _minimise(self, vector, sign, amplitude) -> ScanPoint:
        found = self.quencher.quench(self.displaced(vector, sign * amplitude))
        return ScanPoint(
            amplitude,
            found.structure if found.converged else -1,
            found.positions,
            found.energy,
            found.evaluations,
        )

    def _overlaps(self, vector, amplitude) -> bool:
        """Whether two particles are closer than the overlap distance."""
        scape = self.landscape
        sizes = scape.model.non_additivity if scape.model.is_polydisperse else None
        _, neighbours = neighbour_table(
            self.displaced(vector, amplitude),
            scape.box,
            self.settings.overlap_distance,
            scape.species,
            scape.diameter,
            scape.model.pair_diameters if sizes is None else sizes,
        )
        return len(neighbours) > 0

    def climb(self, vector, sign: int) -> Climb:
        """The search along one sign of a mode.

        Parameters
        ----------
        vector : ndarray, shape=(N, d)
            e_k, of unit norm.
        sign : {1, -1}
        """

        def overlaps(amplitude):
            return self._overlaps(vector, sign * amplitude)

        return Climb(
            lambda amplitude: self._minimise(vector, sign, amplitude),
            self.settings,
            overlaps if self._diverges else None,
        )

    def excite(self, vector, frequency: float) -> tuple[Excitation, dict[int, Scan]]:
        """Both signs of a mode.

        Parameters
        ----------
        vector : ndarray, shape=(N, d)
        frequency : float

        Returns
        -------
        Excitation
        scans : dict of int to Scan
            By sign.
        """
        began = time.perf_counter()
        vector = np.asarray(vector, dtype=float).reshape(self.start.shape)
        climbs = {sign: self.climb(vector, sign) for sign in (1, -1)}
        scans = scan_amplitudes(climbs, self.settings.other_sign)
        found = Excitation(frequency)
        found.minimisations = sum(len(scan.points) for scan in scans.values())
        found.evaluations = sum(p.evaluations for scan in scans.values() for p in scan.points)
        found.sign, found.outcome = decide(scans)
        first = scans[found.sign or 1]
        found.scanned_to = max(scan.amplitude for scan in scans.values())
        if found.outcome == "transition":
            other = scans[-found.sign]
            found.scanned_to = found.amplitude = first.amplitude
            found.relative_precision = first.precision
            if other.outcome == "transition":
                found.amplitude_other = other.amplitude
            top, _ = self.landscape.energy_and_forces(
                self.displaced(vector, found.sign * found.amplitude)
            )
            found.barrier = top - self.energy
            after = first.final.positions
            change = describe(
                self.start, after, self.energy, first.final.energy, self.landscape.box
            )
            moved = displacement(self.start, after, self.landscape.box)
            found.overlap = abs(float(np.vdot(moved, vector))) / change.distance
            for name in ("distance", "energy_change", "participants", "largest"):
                setattr(found, name, getattr(change, name))
            found.far_field_exponent = change.far_field_exponent
            found.far_field_error = change.far_field_error
        found.seconds = time.perf_counter() - began
        return found, scans

    def curve(self, vector, scans: dict[int, Scan]) -> list[dict]:
        """|Dr| and DPhi against A for both signs (Fig. 2), for that of A_c beyond it too.

        Parameters
        ----------
        vector : ndarray, shape=(N, d)
        scans : dict of int to Scan
            Of :meth:`excite`.

        Returns
        -------
        list of dict
            sign, amplitude, distance, energy_change, ascending in amplitude; minimisations that did
            not converge are left out.
        """
        vector = np.asarray(vector, dtype=float).reshape(self.start.shape)
        rows = []
        smallest = decide(scans)[0]
        for sign, scan in scans.items():
            points = list(scan.points)
            if sign == smallest:
                for amplitude in scan.amplitude * _CURVE:
                    if self._diverges and self._overlaps(vector, sign * amplitude):
                        break
                    points.append(self._minimise(vector, sign, float(amplitude)))
            for point in sorted(points, key=lambda point: point.amplitude):
                if point.changed is None:
                    continue
                moved = displacement(self.start, point.positions, self.landscape.box)
                rows.append(
                    {
                        "sign": sign,
                        "amplitude": point.amplitude,
                        "distance": float(np.linalg.norm(moved)),
                        "energy_change": point.energy - self.energy,
                    }
                )
        return rows


def decide(scans: dict[int, Scan]) -> tuple[int, str]:
    """Sign of the smaller A_c, and the outcome of the mode.

    A transition counts if the other sign is known not to have one at a smaller amplitude, as far as
    it could be scanned.

    Parameters
    ----------
    scans : dict of int to Scan

    Returns
    -------
    sign : int
        0 without a transition.
    outcome : str
    """
    changes = {s: scan.amplitude for s, scan in scans.items() if scan.outcome == "transition"}
    failures = [scan.amplitude for scan in scans.values() if scan.outcome == "not_converged"]
    if changes:
        sign = min(changes, key=lambda s: (changes[s], -s))
        if all(reached >= changes[sign] for reached in failures):
            return sign, "transition"
        return 0, "not_converged"
    if failures:
        return 0, "not_converged"
    return 0, "overlap" if any(s.outcome == "overlap" for s in scans.values()) else "none"


def modes_in_window(
    frequency,
    below: float,
    *,
    at_least: int = 0,
    above: int = 0,
    complete_below: float = np.inf,
) -> np.ndarray:
    """Modes to be excited: those below a frequency, and some above it.

    Parameters
    ----------
    frequency : ndarray, shape=(n,)
        Ascending.
    below : float
        Every mode with a lower frequency is taken.
    at_least : int
        The lowest so many are taken in any case.
    above : int
        Modes beyond those, evenly spread in ln w up to the last one known.
    complete_below : float
        Frequency below which no mode is missing.

    Returns
    -------
    ndarray of int
        Ascending.

    Raises
    ------
    ExcitationError
        A window without modes, or one that the modes do not reach.
    """
    frequency = np.asarray(frequency)
    if below > complete_below:
        raise ExcitationError(
            f"modes are wanted below {below:.6g}, and they are complete below {complete_below:.6g} "
            f"only ({len(frequency)} modes); studies.modes.request must ask for more"
        )
    lowest = np.count_nonzero(frequency < below)
    if at_least > len(frequency):
        raise ExcitationError(
            f"at_least: {at_least} modes are wanted, and {len(frequency)} are known; "
            "studies.modes.request must ask for more"
        )
    base = max(lowest, at_least)
    if base == 0:
        raise ExcitationError(
            f"below: no mode has a frequency below {below:.6g}; the lowest has {frequency[0]:.6g}"
        )
    rest = np.arange(base, len(frequency))
    if above and len(rest):
        wanted = np.geomspace(frequency[rest[0]], frequency[rest[-1]], above)
        nearest = np.abs(frequency[rest][:, None] - wanted).argmin(axis=0)
        rest = rest[np.unique(nearest)]
    else:
        rest = rest[:0]
    return np.concatenate([np.arange(base), rest])

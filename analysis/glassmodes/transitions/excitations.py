"""How far a mode can be pulled before the glass falls into another inherent structure.

Source: Mizuno, Shimada and Ikeda, Phys. Rev. Research 2, 013215 (2020); equation numbers are those
of this paper. The particles are displaced by A sqrt(N) e_k (Eq. 5) from their inherent structure
r_0, with e_k a mode of unit norm, and the energy is minimised. A_c is the smallest amplitude A, in
units of length, for which another inherent structure is reached. As the sign of a mode is
arbitrary, both signs are scanned, alternately. The scan ends with the smaller A_c, unless that of
the other sign is requested too.

A_c is searched from below on a geometric grid of amplitudes. Between the first amplitude that leads
to another structure and the one before, it is then bisected. The reported amplitude is the upper
end of the last bracket, at which the change was seen; `relative_precision` is the width of the
bracket over it. If the system leaves r_0 and returns between two amplitudes of the grid, this is
not noticed.

The outcome of a mode is one of

transition
    Another inherent structure was reached.
none
    No other structure was reached up to the largest amplitude.
overlap
    No other structure was reached up to the amplitude beyond which two particles are closer than
    `overlap_distance` pair diameters. This applies to potentials that diverge at r = 0. The paper
    disregards these modes.
not_converged
    A minimisation did not converge before another structure was reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np

from glassmodes.landscape.neighbours import neighbour_table
from glassmodes.models.potentials import POWERS
from glassmodes.transitions.rearrangements import describe, displacement

_LOWEST_FRACTION = 1e-6
"""Lower end of the search if the first amplitude of the grid leads to another structure already, in
units of that amplitude.
"""

_CURVE = np.array([1.4, 2.0, 2.8, 4.0])
"""Amplitudes beyond A_c at which a curve |Dr|(A) is continued, in units of A_c."""


class ExcitationError(ValueError):
    """A frequency window without modes, or one that the modes do not cover; names key and value."""


@dataclass(frozen=True)
class ScanSettings:
    """Settings of the search for A_c.

    Attributes
    ----------
    smallest_amplitude, largest_amplitude : float
        Ends of the grid of amplitudes, in units of length. The search continues below the smallest
        amplitude if that leads to another structure already.
    grid_factor : float
        Ratio of successive amplitudes of the grid.
    relative_precision : float
        Width of the last bracket over A_c.
    overlap_distance : float
        Distance at which two particles overlap, in units of the pair diameter.
    other_sign : bool
        Whether A_c of the other sign is searched beyond the smaller A_c.
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
        A, in units of length.
    structure : int
        Index of the inherent structure that was reached: 0 for r_0, -1 if the minimisation did not
        converge.
    positions : ndarray, shape=(N, d), or None
        Positions of that structure.
    energy : float
        Total potential energy of that structure.
    evaluations : int
        Number of force evaluations.
    """

    amplitude: float
    structure: int
    positions: np.ndarray | None = None
    energy: float = np.nan
    evaluations: int = 0

    @property
    def changed(self) -> bool | None:
        """Whether another inherent structure was reached; None if that is not known."""
        return None if self.structure < 0 else self.structure != 0


@dataclass
class Scan:
    """Result of a scan along one sign of a mode.

    Attributes
    ----------
    outcome : str
        An outcome of the module, or `stopped` if the other sign has a smaller A_c.
    amplitude : float
        A_c; without a transition, the largest amplitude at which r_0 was reached.
    precision : float
        Width of the last bracket over A_c, NaN without a transition.
    final : ScanPoint or None
        The minimisation at A_c.
    points : list of ScanPoint
        All minimisations, in the order in which they were made.
    """

    outcome: str
    amplitude: float
    precision: float = np.nan
    final: ScanPoint | None = None
    points: list[ScanPoint] = field(default_factory=list)


class Climb:
    """Search for the smallest amplitude that leads to another structure, along one sign of a mode.

    Parameters
    ----------
    minimise : callable
        minimise(A) returns the ScanPoint of amplitude A.
    settings : ScanSettings
        Settings of the search.
    overlaps : callable, optional
        overlaps(A) returns whether particles overlap at amplitude A; it needs no minimisation.

    Attributes
    ----------
    outcome : str or None
        None until the scan of the grid has ended; `bracketed` if an amplitude of the grid led to
        another structure.
    low : float
        Largest amplitude at which r_0 was reached.
    high : ScanPoint or None
        Smallest amplitude at which another structure was reached.
    points : list of ScanPoint
        All minimisations, in the order in which they were made.
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
        """Minimise at an amplitude and record the result."""
        self.points.append(self._minimise(amplitude))
        return self.points[-1]

    def step(self) -> None:
        """Try the next amplitude of the grid."""
        if self._stop == "none" and self._overlaps is not None and self._overlaps(self._next):
            # the grid ends with the largest amplitude without an overlap
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
        """Bisect the bracket, if there is one, and return the result of the scan.

        Parameters
        ----------
        enough : float
            Amplitude beyond which A_c is of no interest: the bisection stops once r_0 is reached
            there.
        """
        if self.outcome != "bracketed":
            return Scan(self.outcome or "stopped", self.low, points=self.points)
        settings = self._settings
        # if the first amplitude leads to another structure, go down until r_0 is reached
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
                # a minimisation failed: keep the bracket, whose width is reported
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
    """Scan the grid along both signs of a mode alternately, then bisect.

    Parameters
    ----------
    climbs : dict of int to Climb
        Search along each sign.
    other_sign : bool
        Whether A_c of the other sign is searched beyond the smaller A_c.

    Returns
    -------
    dict of int to Scan
        Result for each sign.
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
    """Result of pulling one mode (columns of the table `excitations`).

    Attributes
    ----------
    frequency : float
        Angular frequency of the mode.
    amplitude : float
        A_c, the smaller one of both signs, in units of length; NaN without a transition.
    sign : int
        Sign of e_k for `amplitude`; 0 without a transition.
    amplitude_other : float
        A_c of the other sign; NaN if it was not searched or has no transition.
    barrier : float
        Phi(r_0 + A_c sqrt(N) e_k) - Phi(r_0) (Eq. 8).
    distance, energy_change, participants, largest : float
        Properties of the change (:class:`glassmodes.transitions.rearrangements.Rearrangement`; here
        Eqs 6, 7 and 9).
    overlap : float
        I, the overlap of the direction of the displacement and the mode (Eq. 10).
    far_field_exponent, far_field_error : float
        Decay of the displacement (:func:`glassmodes.transitions.rearrangements.far_field_decay`).
    outcome : str
        One of the outcomes of the module.
    scanned_to : float
        Largest amplitude of the scan that decides the outcome.
    minimisations, evaluations : int
        Numbers of minimisations and of force evaluations, of both signs.
    relative_precision : float
        Width of the last bracket over `amplitude`.
    seconds : float
        Wall time.
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
        """The result as one row of the table `excitations`."""
        return asdict(self)


class ModeExciter:
    """Pulls the modes of one inherent structure.

    Parameters
    ----------
    quencher : glassmodes.landscape.quench.Quencher
        Quencher that knows no structure yet, or `positions` as its first one.
    positions : ndarray, shape=(N, d)
        r_0, an inherent structure.
    settings : ScanSettings
        Settings of the search for A_c.

    Raises
    ------
    ExcitationError
        If the quencher knows another structure as its first one.
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
        """Positions r_0 + A sqrt(N) e_k (Eq. 5), shape=(N, d); A may be negative."""
        return self.start + amplitude * np.sqrt(len(self.start)) * vector

    def _minimise(self, vector, sign, amplitude) -> ScanPoint:
        """Minimise from the displaced positions."""
        found = self.quencher.quench(self.displaced(vector, sign * amplitude))
        return ScanPoint(
            amplitude,
            found.structure if found.converged else -1,
            found.positions,
            found.energy,
            found.evaluations,
        )

    def _overlaps(self, vector, amplitude) -> bool:
        """Whether two particles are closer than the overlap distance at an amplitude."""
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
        """Search along one sign of a mode.

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
        """Search for A_c along both signs of a mode.

        Parameters
        ----------
        vector : ndarray, shape=(N, d)
            e_k, of unit norm.
        frequency : float
            Angular frequency of the mode.

        Returns
        -------
        excitation : Excitation
        scans : dict of int to Scan
            Scan along each sign.
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
        """Distance |Dr| and energy change against A for both signs (Fig. 2), to four times A_c.

        Parameters
        ----------
        vector : ndarray, shape=(N, d)
            e_k, of unit norm.
        scans : dict of int to Scan
            Scans of :meth:`excite`. The one with A_c is continued beyond it.

        Returns
        -------
        list of dict
            sign, amplitude, distance, energy_change, ascending in amplitude for each sign;
            minimisations that did not converge are left out.
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
    """Sign of the smaller A_c, and outcome of the mode.

    A transition counts only if the scan of the other sign did not fail at a smaller amplitude.

    Parameters
    ----------
    scans : dict of int to Scan
        Scan along each sign.

    Returns
    -------
    sign : int
        0 without a transition.
    outcome : str
        One of the outcomes of the module.
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
    """Indices of the modes to be pulled: all below a frequency, and some above it.

    Parameters
    ----------
    frequency : ndarray, shape=(n,)
        Angular frequencies, ascending.
    below : float
        All modes with a lower frequency are taken.
    at_least : int
        Number of lowest modes that are taken in any case.
    above : int
        Number of further modes, evenly spaced in ln w up to the last known mode.
    complete_below : float
        Frequency below which no mode is missing.

    Returns
    -------
    ndarray of int
        Ascending.

    Raises
    ------
    ExcitationError
        If no mode is below the frequency, or not all of the requested modes are known.
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

"""A_c where it is known, and the bookkeeping around it."""

import numpy as np
import pytest
from glassmodes.landscape.quench import Quencher
from glassmodes.randomness import random_stream
from glassmodes.transitions.cubic_amplitudes import cubic_coefficients, saddle_amplitude
from glassmodes.transitions.excitations import (
    Climb,
    ExcitationError,
    ModeExciter,
    Scan,
    ScanPoint,
    ScanSettings,
    decide,
    modes_in_window,
    scan_amplitudes,
)


class Wells:
    """Steepest descent in one dimension: basins between known barriers."""

    def __init__(self, barriers, fails_at=()):
        self.barriers = barriers
        self.fails_at = fails_at
        self.tried = []

    def __call__(self, amplitude):
        self.tried.append(amplitude)
        if any(abs(amplitude / other - 1.0) < 1e-9 for other in self.fails_at):
            return ScanPoint(amplitude, -1)
        return ScanPoint(amplitude, int(np.searchsorted(self.barriers, amplitude)))


SETTINGS = ScanSettings()


def scan(*barriers, settings=SETTINGS, other_sign=False, overlaps=None, fails_at=()):
    """Scans of both signs, whose basins end at the barriers given for each."""
    wells = {s: Wells(b, fails_at) for s, b in zip((1, -1), barriers, strict=True)}
    climbs = {s: Climb(well, settings, overlaps) for s, well in wells.items()}
    return scan_amplitudes(climbs, other_sign), wells


# --- the search ------------------------------------------------------------------------------


@pytest.mark.parametrize("barrier", [3.3e-5, 1e-3, 0.0123, 0.0999])
@pytest.mark.parametrize("precision", [0.2, 0.01, 1e-4])
def test_smallest_amplitude_to_the_precision_asked_for(barrier, precision):
    settings = ScanSettings(1e-5, 0.1, 2.0, precision)
    scans, wells = scan([barrier], [np.inf], settings=settings)
    found = scans[1]
    assert found.outcome == "transition"
    assert barrier <= found.amplitude <= barrier / (1.0 - precision)
    assert found.precision <= precision
    assert found.amplitude * (1.0 - found.precision) < barrier
    grid = np.ceil(np.log2(barrier / 1e-5)) + 1
    bisections = np.ceil(np.log2(np.log(2.0) / -np.log(1.0 - precision)))
    assert len(wells[1].tried) <= grid + bisections + 1


def test_the_first_of_several_basins_is_found():
    scans, _ = scan([2e-4, 3e-3, 4e-2], [np.inf])
    assert scans[1].amplitude == pytest.approx(2e-4, rel=0.06)
    assert scans[1].final.structure == 1


def test_grid_goes_down_where_its_first_amplitude_changes_already():
    scans, _ = scan([3e-7], [np.inf])
    assert scans[1].amplitude == pytest.approx(3e-7, rel=0.06)


def test_smaller_sign_decides_and_ends_the_scan_of_the_other():
    scans, wells = scan([2e-2], [1.5e-3])
    assert decide(scans) == (-1, "transition")
    assert scans[1].outcome == "stopped"
    # no further than one point of the grid beyond
    assert max(wells[1].tried) <= 2.0 * 2.0 * 1.5e-3
    scans, _ = scan([2e-2], [1.5e-3], other_sign=True)
    assert scans[1].amplitude == pytest.approx(2e-2, rel=0.06)
    assert decide(scans) == (-1, "transition")


def test_both_signs_within_one_bracket_are_told_apart():
    settings = ScanSettings(1e-5, 0.1, 4.0, 0.01)
    for first, second in ((5.0e-3, 5.5e-3), (5.5e-3, 5.0e-3)):
        scans, _ = scan([first], [second], settings=settings)
        sign, outcome = decide(scans)
        assert outcome == "transition"
        assert sign == (1 if first < second else -1)
        assert scans[sign].amplitude == pytest.approx(5.0e-3, rel=0.011)


def test_nothing_up_to_the_largest_amplitude():
    scans, wells = scan([0.2], [0.3])
    assert decide(scans) == (0, "none")
    assert scans[1].amplitude == max(wells[1].tried) == 0.1


def test_scan_ends_at_an_overlap_and_looks_up_to_it():
    scans, wells = scan([0.2], [0.3], overlaps=lambda amplitude: amplitude > 0.03)
    assert decide(scans) == (0, "overlap")
    assert 0.03 * 0.95 <= max(wells[1].tried) <= 0.03
    # a change just below the overlap is not missed
    scans, _ = scan([0.028], [0.3], overlaps=lambda amplitude: amplitude > 0.03)
    assert decide(scans) == (1, "transition")
    assert scans[1].amplitude == pytest.approx(0.028, rel=0.06)


def test_overlap_at_every_amplitude():
    scans, wells = scan([0.2], [0.3], overlaps=lambda amplitude: True)
    assert decide(scans) == (0, "overlap")
    assert not wells[1].tried


def test_minimisation_that_does_not_converge_is_reported():
    scans, _ = scan([2e-2], [2e-2], fails_at=[8e-5])
    assert decide(scans) == (0, "not_converged")


def test_bracket_stays_where_a_bisection_does_not_converge():
    low, high = 1e-5 * 2**9, 1e-5 * 2**10
    scans, _ = scan([9e-3], [np.inf], fails_at=[np.sqrt(low * high)])
    assert scans[1].outcome == "transition"
    assert scans[1].amplitude == pytest.approx(high)
    assert scans[1].precision == pytest.approx(0.5)


def test_failure_of_the_other_sign_counts_if_it_comes_first():
    change = Scan("transition", 1e-2, 0.05)
    assert decide({1: change, -1: Scan("not_converged", 1e-3)}) == (0, "not_converged")
    assert decide({1: change, -1: Scan("not_converged", 2e-2)}) == (1, "transition")
    assert decide({1: change, -1: Scan("overlap", 1e-3)}) == (1, "transition")


# --- the window ------------------------------------------------------------------------------


def test_window_of_modes():
    frequency = np.linspace(0.1, 10.0, 100)
    assert modes_in_window(frequency, 1.05).tolist() == list(range(10))
    assert modes_in_window(frequency, 0.5, at_least=30).tolist() == list(range(30))
    spread = modes_in_window(frequency, 1.05, above=5)
    assert spread[:10].tolist() == list(range(10))
    assert spread[10] == 10 and spread[-1] == 99 and len(spread) == 15
    ratios = np.diff(np.log(frequency[spread[10:]]))
    assert ratios == pytest.approx(np.full(4, ratios.mean()), rel=0.1)
    # all that is left, each once
    assert modes_in_window(frequency, 9.75, above=50).tolist() == list(range(100))


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"below": 0.05}, "no mode has a frequency below 0.05; the lowest has 0.1"),
        ({"below": 1.0, "complete_below": 0.8}, "complete below 0.8 only"),
        ({"below": 1.0, "at_least": 200}, "at_least: 200 modes are wanted, and 100 are known"),
    ],
)
def test_window_that_modes_do_not_fill_is_refused(arguments, said):
    with pytest.raises(ExcitationError, match=said):
        modes_in_window(np.linspace(0.1, 10.0, 100), **arguments)


# --- a glass ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pulled():
    """Twelve modes of a small harmonic glass, excited both ways."""
    from tests.conftest import full_modes, small_glass

    _, landscape, glass = small_glass("harmonic", 150, 3)
    modes = full_modes("harmonic", 150, 3)
    exciter = ModeExciter(
        Quencher(landscape), glass.positions, ScanSettings(1e-3, 0.2, 2.0, 0.02, other_sign=True)
    )
    found = [exciter.excite(modes.vectors[k], modes.frequency[k]) for k in range(12)]
    return landscape, glass, modes, exciter, found


def test_structure_changes_at_the_amplitude_found_and_not_below(pulled):
    landscape, glass, modes, _, found = pulled
    changed = [k for k, (e, _) in enumerate(found) if e.outcome == "transition"]
    assert len(changed) >= 6
    for k in changed[:3]:
        excitation, _ = found[k]
        assert 0.0 < excitation.relative_precision <= 0.02
        fresh = Quencher(landscape, method="fire")
        fresh.remember(glass.positions)
        step = excitation.sign * np.sqrt(len(glass.positions)) * modes.vectors[k]
        above = fresh.quench(glass.positions + excitation.amplitude * step)
        assert above.converged and above.structure != 0
        # FIRE alone, knowing nothing, ends in the very structure that was found
        assert excitation.energy_change == pytest.approx(
            above.energy - fresh.energies[0], abs=1e-12
        )
        low = excitation.amplitude * (1.0 - excitation.relative_precision)
        assert fresh.quench(glass.positions + low * step).structure == 0


def test_barrier_is_the_energy_at_the_amplitude(pulled):
    landscape, glass, modes, _, found = pulled
    for k, (excitation, _) in enumerate(found):
        if excitation.outcome != "transition":
            continue
        size = len(glass.positions)
        step = excitation.sign * excitation.amplitude * np.sqrt(size) * modes.vectors[k]
        barrier = landscape.energy_and_forces(glass.positions + step)[0] - glass.energy
        assert excitation.barrier == pytest.approx(barrier, rel=1e-9)
        assert excitation.barrier > 0.0
        assert 0.0 <= excitation.overlap <= 1.0
        assert 1.0 <= excitation.participants <= size


def test_small_pull_costs_the_harmonic_energy(pulled):
    landscape, glass, modes, exciter, _ = pulled
    for k in (0, 5):
        top, _ = landscape.energy_and_forces(exciter.displaced(modes.vectors[k], 1e-6))
        harmonic = 0.5 * modes.frequency_squared[k] * 1e-12 * len(glass.positions)
        assert top - exciter.energy == pytest.approx(harmonic, rel=0.02)


def test_flipped_mode_gives_the_same_amplitudes(pulled):
    landscape, glass, modes, _, found = pulled
    k = next(k for k, (e, _) in enumerate(found) if e.outcome == "transition")
    settings = ScanSettings(1e-3, 0.2, 2.0, 0.02, other_sign=True)
    exciter = ModeExciter(Quencher(landscape), glass.positions, settings)
    flipped, _ = exciter.excite(-modes.vectors[k], modes.frequency[k])
    assert flipped.sign == -found[k][0].sign
    assert flipped.amplitude == pytest.approx(found[k][0].amplitude, rel=1e-12)
    assert flipped.distance == pytest.approx(found[k][0].distance, rel=1e-6)


def test_modes_share_transitions(pulled):
    _, _, _, exciter, found = pulled
    finals = [scans[e.sign].final.structure for e, scans in found if e.outcome == "transition"]
    assert len(set(finals)) < len(finals)
    for structure in set(finals):
        same = [e for e, scans in found if e.sign and scans[e.sign].final.structure == structure]
        assert np.ptp([e.distance for e in same]) < 1e-5
        assert np.ptp([e.energy_change for e in same]) < 1e-12


def test_curve_is_flat_and_jumps_at_the_amplitude(pulled):
    _, _, modes, exciter, found = pulled
    k = next(k for k, (e, _) in enumerate(found) if e.outcome == "transition")
    excitation, scans = found[k]
    rows = [r for r in exciter.curve(modes.vectors[k], scans) if r["sign"] == excitation.sign]
    amplitudes = np.array([row["amplitude"] for row in rows])
    distances = np.array([row["distance"] for row in rows])
    assert np.all(np.diff(amplitudes) >= 0)
    assert distances[amplitudes < excitation.amplitude].max() < 1e-6
    at = distances[amplitudes == excitation.amplitude]
    assert at == pytest.approx(excitation.distance)
    assert amplitudes.max() > 2.0 * excitation.amplitude


def test_lennard_jones_particles_that_overlap_end_the_scan(make_glass, make_modes):
    _, landscape, glass = make_glass("lj", 128)
    mode = make_modes("lj", 128)
    settings = ScanSettings(0.05, 0.4, 2.0, 0.1, overlap_distance=0.85)
    exciter = ModeExciter(Quencher(landscape, force_tolerance=1e-7), glass.positions, settings)
    # the stiffest mode: particles meet before anything changes
    found, scans = exciter.excite(mode.vectors[-1], mode.frequency[-1])
    limit = min(scan.amplitude for scan in scans.values())
    assert found.outcome == "overlap"
    assert 0.0 < limit < 0.4
    distances = landscape.expand(exciter.displaced(mode.vectors[-1], scans[1].amplitude)).distance
    assert distances.min() >= 0.85


def test_quencher_of_another_start_is_refused(make_glass):
    _, landscape, glass = make_glass("harmonic", 150, 3)
    quencher = Quencher(landscape)
    rng = np.random.default_rng(4)
    quencher.quench(glass.positions + 0.3 * rng.standard_normal(glass.positions.shape))
    with pytest.raises(ExcitationError, match="another structure as its first"):
        ModeExciter(quencher, glass.positions, ScanSettings())


# --- the cubic expansion ---------------------------------------------------------------------


@pytest.mark.parametrize("model", ["ipl12", "harmonic"])
def test_cubic_coefficient_is_the_third_derivative_along_the_mode(make_glass, make_modes, model):
    particles = 200 if model == "ipl12" else 150
    _, landscape, glass = make_glass(model, particles)
    modes = make_modes(model, particles)
    found = cubic_coefficients(landscape.expand(glass.positions), modes.vectors[:3])
    for vector, cubic in zip(modes.vectors, found, strict=False):
        # small enough for no contact of the spheres to open or close
        step = 1e-4
        curvature = [
            landscape.expand(glass.positions + s * step * vector).forms(vector)[0] for s in (1, -1)
        ]
        assert cubic == pytest.approx((curvature[0] - curvature[1]) / (2 * step), rel=1e-4)


def test_saddle_of_the_cubic_energy():
    frequency, cubic, particles = np.array([0.3, 0.3]), np.array([-2.0, 2.0]), 400
    amplitude = saddle_amplitude(frequency, cubic, particles)
    assert amplitude[0] == amplitude[1] > 0
    # on the side where the cubic term is negative, the slope of w^2 s^2/2 - |tau| s^3/6 vanishes
    s = amplitude[0] * np.sqrt(particles)
    assert 0.3**2 * s - 2.0 * s**2 / 2.0 == pytest.approx(0.0, abs=1e-15)
    assert saddle_amplitude(0.3, 0.0, 400) == np.inf


# --- the boson peak --------------------------------------------------------------------------


def test_boson_peak_of_spectra_with_a_known_one():
    import pandas as pd
    from glassmodes.mechanics import debye_level
    from glassmodes.transitions.boson_peak import BosonPeakError, estimate_boson_peak

    # g/w^2 is a Gaussian in ln w about 0.5, over a Debye law up to 3
    rng = np.random.default_rng(3)
    grid = np.linspace(0.02, 3.0, 20000)
    weight = grid**2 * (1.0 + 3.0 * np.exp(-0.5 * (np.log(grid / 0.5) / 0.3) ** 2))
    frames = [
        pd.DataFrame(
            {
                "sample": s,
                "frequency": np.sort(rng.choice(grid, 5997, p=weight / weight.sum())),
                "complete_below": np.inf,
            }
        )
        for s in range(4)
    ]
    level = debye_level(1.394, 0.12, 0.55)
    moduli = pd.DataFrame({"sample": range(4), "debye_level": [level, np.nan, level, level]})
    found = estimate_boson_peak(
        pd.concat(frames), moduli, 2000, random_stream(1, "spectra", 0, "boson peak")
    )
    assert found.frequency == pytest.approx(0.5, abs=4 * found.frequency_error + 0.02)
    assert found.samples == 4 and found.resolved
    reduced = (weight / grid**2).max() / (weight.sum() * np.diff(grid)[0])
    assert found.level == pytest.approx(reduced / level, rel=0.15)
    with pytest.raises(BosonPeakError, match="no sample has modes"):
        estimate_boson_peak(frames[0][:0], moduli, 2000, rng)
    # the part below 1.2 says the same, the part below 0.5 that it ends too early
    together = pd.concat(frames)

    def part(end):
        low = together[together["frequency"] < end].assign(complete_below=end)
        return estimate_boson_peak(low, moduli, 2000, rng)

    assert part(1.2).frequency == pytest.approx(found.frequency, rel=0.02)
    assert part(1.2).level == pytest.approx(found.level, rel=0.02)
    with pytest.raises(BosonPeakError, match="still rises where the spectra end, at 0.5"):
        part(0.5)

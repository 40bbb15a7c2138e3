"""Quenches: FIRE's walk, recognition of known structures, and what counts as the same one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from glassmodes.landscape import Landscape, Quencher
from glassmodes.landscape.descent import CONVERGED, LIMIT, Descent
from glassmodes.landscape.quench import STRUCTURE_TOLERANCE, mean_translation, rigid_particles
from glassmodes.models import get_model

CASES = [
    ("ipl12", 218),
    ("lj", 250),
    ("harmonic", 150),
    ("ipl10_2d", 120),
    ("ipl10_4d", 640),
    ("poly", 150),
]


def largest(moved):
    return np.sqrt((moved**2).sum(axis=1)).max()


def apart(landscape, first, second):
    """Largest displacement between two configurations, translation removed."""
    moved = first - second
    moved -= mean_translation(moved, landscape.box)
    return largest(moved - landscape.box * np.rint(moved / landscape.box))


def kicked(glass, size, seed=0):
    return glass.positions + size * np.random.default_rng(seed).standard_normal(
        glass.positions.shape
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_forces_of_a_walk_are_those_of_the_landscape(make_glass, case):
    _, landscape, glass = make_glass(*case)
    descent = Descent(landscape)
    x = kicked(glass, 0.05) + 0.7 * glass.box
    descent.start(x)
    assert descent.walk(0.0, 1) == LIMIT
    _, forces = landscape.energy_and_forces(x)
    np.testing.assert_allclose(descent.forces, forces, rtol=0, atol=1e-11 * np.abs(forces).max())
    np.testing.assert_allclose(descent.positions, x, rtol=0, atol=1e-12)


def test_lists_follow_the_walk(make_glass):
    _, landscape, glass = make_glass("ipl12", 218)
    descent = Descent(landscape)
    # first around the minimum, then from far enough that lists are cut and built again
    descent.prefer(glass.positions)
    for size in (0.02, 0.4):
        descent.start(kicked(glass, size))
        for _ in range(40):
            status = descent.walk(1e-10, 7)
            _, forces = landscape.energy_and_forces(descent.positions)
            scale = max(1.0, np.abs(forces).max())
            np.testing.assert_allclose(descent.forces, forces, rtol=0, atol=1e-11 * scale)
            if status == CONVERGED:
                break


def test_walking_in_parts_is_walking_at_once(make_glass):
    _, landscape, glass = make_glass("ipl12", 218)
    whole, parts = Descent(landscape), Descent(landscape)
    for descent in (whole, parts):
        descent.start(kicked(glass, 0.05))
    whole.walk(0.0, 90)
    for _ in range(9):
        parts.walk(0.0, 10)
    np.testing.assert_array_equal(whole.positions, parts.positions)
    np.testing.assert_array_equal(whole.velocity, parts.velocity)


def test_a_random_start_is_pushed_apart(make_glass):
    _, landscape, glass = make_glass("ipl12", 218)
    start = np.random.default_rng(5).random(glass.positions.shape) * glass.box
    result = Quencher(landscape, force_tolerance=1e-8).quench(start)
    assert result.converged
    assert landscape.expand(result.positions).max_force < 1.01e-8


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_a_small_displacement_returns(make_glass, case):
    _, landscape, glass = make_glass(*case)
    quencher = Quencher(landscape)
    assert quencher.remember(glass.positions) == 0
    result = quencher.quench(kicked(glass, 3e-3))
    assert (result.structure, result.is_new, result.converged) == (0, False, True)
    assert result.road == "recognised"
    assert result.max_force < 1e-10
    assert result.energy == pytest.approx(glass.energy, rel=1e-12)
    assert apart(landscape, result.positions, glass.positions) < 1e-7


@pytest.mark.processor
@pytest.mark.parametrize("name,particles", [("ipl12", 218), ("harmonic", 150), ("lj", 250)])
def test_what_is_known_changes_the_cost_and_not_the_outcome(make_glass, name, particles):
    _, landscape, glass = make_glass(name, particles)
    walked = Quencher(landscape, method="fire")
    knowing = Quencher(landscape)
    knowing.remember(glass.positions)
    roads = set()
    for seed, size in enumerate(np.geomspace(1e-3, 0.5, 10)):
        x = kicked(glass, size, seed)
        by_fire, fast = walked.quench(x), knowing.quench(x)
        assert by_fire.converged and fast.converged
        assert fast.evaluations <= by_fire.evaluations + 5
        rigid = rigid_particles(landscape.expand(by_fire.positions), 1e-8)
        moved = fast.positions - by_fire.positions
        moved -= moved[rigid].mean(axis=0)
        assert largest(moved[rigid]) < 1e-6
        assert fast.energy == pytest.approx(by_fire.energy, rel=1e-9, abs=1e-13)
        roads.add(fast.road)
    assert roads == {"fire", "recognised"}


@pytest.mark.processor
def test_a_walk_to_another_structure_is_not_mistaken(make_glass):
    """Points on the line between two minima go where FIRE takes them, not to the known one."""
    _, landscape, glass = make_glass("ipl12", 218)
    explorer = Quencher(landscape)
    explorer.remember(glass.positions)
    seed = 0
    while len(explorer.structures) < 2:
        explorer.quench(kicked(glass, 0.3, seed))
        seed += 1
    other = glass.positions + explorer.displacement(explorer.structures[1], 0)
    for share in np.linspace(0.0, 1.0, 15):
        x = (1.0 - share) * glass.positions + share * other
        truth = Quencher(landscape, method="fire").quench(x).positions
        knowing = Quencher(landscape)
        knowing.remember(glass.positions)
        assert apart(landscape, knowing.quench(x).positions, truth) < 1e-7


def test_quenches_are_reproducible(make_glass):
    _, landscape, glass = make_glass("ipl12", 218)

    def run():
        quencher = Quencher(landscape)
        return [quencher.quench(kicked(glass, size, 3)) for size in (0.02, 0.15, 0.05, 0.15)]

    for first, second in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(first.positions, second.positions)
        assert first.structure == second.structure


def test_positions_stay_continuous_with_the_input(make_glass):
    _, landscape, glass = make_glass("ipl12", 218)
    quencher = Quencher(landscape)
    quencher.remember(glass.positions)
    rng = np.random.default_rng(8)
    for method in ("fast", "fire"):
        quencher.method = method
        periods = glass.box * rng.integers(-3, 4, glass.positions.shape)
        x = kicked(glass, 0.02) + periods + 0.37 * glass.box
        result = quencher.quench(x)
        assert result.structure == 0
        assert largest(result.positions - x) < 0.3
        assert np.abs((result.positions - x).mean(axis=0)).max() < 1e-9


def test_a_quench_that_does_not_converge_is_reported(make_glass):
    _, landscape, glass = make_glass("ipl12", 218)
    quencher = Quencher(landscape, max_evaluations=12)
    result = quencher.quench(kicked(glass, 0.1))
    assert (result.converged, result.structure, result.is_new) == (False, -1, False)
    assert result.evaluations == 12 and result.max_force > 1e-10
    assert np.isfinite(result.energy)
    assert quencher.structures == []
    assert quencher.remember(kicked(glass, 0.1)) == -1


def test_minima_that_are_the_same(make_glass):
    _, landscape, glass = make_glass("ipl12", 218)
    quencher = Quencher(landscape)
    quencher.remember(glass.positions)
    shifted = glass.positions + 0.4 * glass.box
    shifted -= glass.box * np.floor(shifted / glass.box)
    assert quencher.find(shifted) == 0
    assert quencher.find(kicked(glass, 1e-9)) == 0
    # one particle, as far as the smallest rearrangement of harmonic spheres takes one
    moved = glass.positions.copy()
    moved[17, 0] += 1e-4
    assert quencher.find(moved) == -1
    assert quencher.remember(shifted) == 0
    assert len(quencher.structures) == 1


def test_minima_found_twice_agree_far_within_the_tolerance(make_glass):
    """Numerical noise lies three decades below the tolerance, whatever the soft modes."""
    for name, particles in (("ipl12", 218), ("harmonic", 150), ("lj", 250)):
        _, landscape, glass = make_glass(name, particles)
        found = [
            Quencher(landscape, method="fire").quench(kicked(glass, 1e-3, seed)).positions
            for seed in range(3)
        ]
        assert max(apart(landscape, f, found[0]) for f in found) < 1e-3 * STRUCTURE_TOLERANCE


def test_a_rattler_is_no_part_of_the_structure():
    # close above jamming a few of a hundred spheres rattle
    model = replace(get_model("harmonic"), density=0.66 * 6 / np.pi)
    rng = np.random.default_rng(3)
    n = 200
    species, diameter = model.mixture(n, rng)
    box = model.box(n)
    landscape = Landscape(model, box, species, diameter)
    quencher = Quencher(landscape)
    minimum = quencher.quench(rng.random((n, 3)) * box)
    assert minimum.converged
    rigid = rigid_particles(landscape.expand(minimum.positions), 1e-8)
    rattlers = np.flatnonzero(~rigid)
    assert 0 < len(rattlers) < n // 3
    moved = minimum.positions.copy()
    moved[rattlers] += 1e-3 * rng.standard_normal((len(rattlers), 3))
    result = quencher.quench(moved)
    assert (result.structure, result.converged) == (0, True)
    assert len(quencher.structures) == 1


def test_an_unknown_method_is_refused(make_glass):
    _, landscape, _ = make_glass("ipl12", 218)
    with pytest.raises(ValueError, match="method: 'newton' is not fast or fire"):
        Quencher(landscape, method="newton")

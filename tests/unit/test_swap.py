"""Swap Monte Carlo: bookkeeping, conserved diameters, and the ensemble of molecular dynamics."""

import numpy as np
import pytest
from glassmodes.landscape import Landscape, find_pairs
from glassmodes.models import ModelError, load_models
from glassmodes.simulation import swap as module
from glassmodes.simulation.liquids import push_apart
from glassmodes.simulation.molecular_dynamics import MolecularDynamics, maxwell_velocities
from glassmodes.simulation.swap import SwapMonteCarlo, check_swap_model

MODELS = load_models()
# what a chaotic trajectory shows must hold on every processor
pytestmark = pytest.mark.processor


def start(name="poly", particles=250, seed=1):
    model = MODELS[name]
    rng = np.random.default_rng(seed)
    species, diameter = model.mixture(particles, rng)
    box = model.box(particles)
    landscape = Landscape(model, box, species, diameter)
    return landscape, push_apart(landscape, rng.random((particles, model.dimension)) * box)


def chain(landscape, positions, temperature=1.3, seed=5, **settings):
    return SwapMonteCarlo(
        landscape, positions, temperature, np.random.default_rng(seed), **settings
    )


@pytest.fixture(scope="module")
def poly():
    return start()


@pytest.mark.parametrize("name", ["poly", "polydisperse_ipl12"])
def test_energy_of_the_moves_is_that_of_the_configuration(name):
    temperature = {"poly": 1.3, "polydisperse_ipl12": 0.2}[name]
    monte_carlo = chain(*start(name), temperature)
    before = monte_carlo.energy
    moves = monte_carlo.run(60)
    assert abs(monte_carlo.energy - before) > 1.0
    assert monte_carlo.energy == pytest.approx(monte_carlo.potential_energy(), rel=1e-12)
    assert moves.attempted == 60 * 250
    # a binomial number, within five of its standard deviations
    chance = 0.2 * moves.attempted
    assert moves.swaps == pytest.approx(chance, abs=5.0 * np.sqrt(0.8 * chance))
    assert 0.05 < moves.translation_acceptance < 0.95
    assert 0.05 < moves.swap_acceptance < 0.95
    assert moves.renewals > 0


def test_diameters_are_exchanged_and_never_changed(poly):
    landscape, positions = poly
    monte_carlo = chain(landscape, positions)
    monte_carlo.run(60)
    np.testing.assert_array_equal(np.sort(monte_carlo.diameter), np.sort(landscape.diameter))
    assert (monte_carlo.diameter != landscape.diameter).mean() > 0.5


def test_without_swaps_every_particle_keeps_its_diameter(poly):
    landscape, positions = poly
    monte_carlo = chain(landscape, positions, swap_fraction=0.0)
    moves = monte_carlo.run(20)
    assert moves.swaps == 0
    np.testing.assert_array_equal(monte_carlo.diameter, landscape.diameter)


def test_lists_change_no_move(poly, monkeypatch):
    """The chain with thin lists, renewed at nearly every move, and with wide ones."""
    landscape, positions = poly
    found = []
    for skin in (0.02, 0.5):
        monkeypatch.setattr(module, "SKIN", skin)
        monte_carlo = chain(landscape, positions)
        moves = monte_carlo.run(40)
        assert monte_carlo.energy == pytest.approx(monte_carlo.potential_energy(), rel=1e-12)
        found.append((monte_carlo.positions, monte_carlo.diameter, moves.counts[:4]))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])
    assert found[0][2] == found[1][2]


@pytest.mark.parametrize("particles", [150, 250])
def test_rounding_decides_no_move(particles, monkeypatch):
    """The chain with its estimates in single precision, and with all moves decided in double.

    The smaller box has no room for a step within the nearest images.
    """
    landscape, positions = start(particles=particles)
    monte_carlo = chain(landscape, positions)
    moves = monte_carlo.run(100)
    assert (moves.exact < 0.1 * moves.attempted) == (particles == 250)
    monkeypatch.setattr(SwapMonteCarlo, "_rounding_error", lambda self: np.finfo(float).max)
    exact = chain(landscape, positions)
    exact_moves = exact.run(100)
    assert exact_moves.exact == exact_moves.attempted
    np.testing.assert_array_equal(monte_carlo.positions, exact.positions)
    np.testing.assert_array_equal(monte_carlo.diameter, exact.diameter)
    assert moves.counts[:4] == exact_moves.counts[:4]


def test_stopped_and_resumed_is_the_same_to_the_last_bit(poly):
    landscape, positions = poly
    whole, first = chain(landscape, positions), chain(landscape, positions)
    for _ in range(3):
        whole.run(15)
    first.run(15)
    rng = np.random.default_rng()
    rng.bit_generator.state = first.rng.bit_generator.state
    rest = Landscape(landscape.model, landscape.box, landscape.species, first.diameter)
    second = SwapMonteCarlo(rest, first.positions, 1.3, rng)
    second.run(15)
    second.run(15)
    np.testing.assert_array_equal(second.positions, whole.positions)
    np.testing.assert_array_equal(second.diameter, whole.diameter)
    assert second.energy == whole.energy


def diameter_order(positions, diameter, box, reach=1.6):
    """Correlation of the diameters of close particles."""
    first, second = find_pairs(positions, box, reach)
    apart = diameter - diameter.mean()
    return float((apart[first] * apart[second]).mean() / apart.var())


def mean_and_error(values, blocks=10):
    values = np.array(values)[len(values) % blocks :].reshape(blocks, -1).mean(axis=1)
    return values.mean(), values.std(ddof=1) / np.sqrt(blocks)


def test_ensemble_is_that_of_molecular_dynamics_and_of_plain_monte_carlo(poly):
    """Detailed balance: energies and the order of diameters where all three equilibrate."""
    landscape, positions = poly
    # well above the onset, where diameters find their places by diffusion too
    temperature, box = 4.0, landscape.box
    energies, orders = {}, {}

    def record(kind, advance, state, count):
        energies[kind], orders[kind] = [], []
        for k in range(count):
            advance()
            if k >= count // 8:
                x, diameter, energy = state()
                energies[kind].append(energy / len(x))
                orders[kind].append(diameter_order(x, diameter, box))

    for kind, fraction in (("swap", 0.2), ("plain", 0.0)):
        one = chain(landscape, positions, temperature, swap_fraction=fraction, translation_step=0.3)
        sweeps = 40 if kind == "swap" else 80
        record(
            *(kind, lambda one=one, n=sweeps: one.run(n)),
            *(lambda one=one: (one.positions, one.diameter, one.energy), 240),
        )
    rng = np.random.default_rng(9)
    velocities = maxwell_velocities(250, 3, temperature, rng)
    dynamics = MolecularDynamics(landscape, positions, velocities, 0.0025, rng)
    record(
        *("molecular", lambda: dynamics.run(100, temperature)),
        *(lambda: (dynamics.positions, landscape.diameter, dynamics.potential_energy()), 240),
    )
    for values, accuracy in ((energies, 0.02), (orders, 0.01)):
        found, error = mean_and_error(values["swap"])
        for kind in ("plain", "molecular"):
            other, other_error = mean_and_error(values[kind])
            combined = np.hypot(error, other_error)
            assert combined < accuracy * max(1.0, abs(found)), kind
            assert abs(found - other) < 4.0 * combined, kind


def test_two_particles_sample_the_boltzmann_distribution():
    """Distances of one pair against the integral over its potential, in two dimensions."""
    from dataclasses import replace

    model = replace(MODELS["poly"], dimension=2, density=2 / 40.0)
    box = np.full(2, np.sqrt(40.0))
    diameter = np.array([1.0, 1.15])
    landscape = Landscape(model, box, np.zeros(2, np.int32), diameter)
    temperature = 0.5
    monte_carlo = chain(
        *(landscape, np.array([[0.0, 0.0], [2.0, 0.0]]), temperature),
        translation_step=1.5,
    )
    distances = []
    for _ in range(3000):
        monte_carlo.run(10)
        apart = monte_carlo.positions[0] - monte_carlo.positions[1]
        distances.append(np.linalg.norm(apart - box * np.rint(apart / box)))
    size = 0.5 * (1.0 + 1.15) * (1.0 - model.non_additivity * 0.15)
    r = np.linspace(0.3, 0.5 * box[0], 4000)
    weight = r * np.exp(-model.potential.derivatives(r / size)[0] / temperature)
    cumulative = np.cumsum(weight) / weight.sum()
    inside = np.array(distances)[np.array(distances) < 0.5 * box[0]]
    for share in (0.1, 0.3, 0.5, 0.8):
        below = (inside < r[np.searchsorted(cumulative, share)]).mean()
        assert below == pytest.approx(share, abs=4 * np.sqrt(share / len(inside)))


@pytest.mark.parametrize("name, message", [("ipl10_3d", "polydisperse"), ("lj", "polydisperse")])
def test_other_models_are_refused(name, message):
    with pytest.raises(ModelError, match=message):
        check_swap_model(MODELS[name])


def test_attractive_potentials_are_refused():
    from dataclasses import replace

    attractive = replace(MODELS["poly"], potential=MODELS["lj"].potential)
    with pytest.raises(ModelError, match="repulsive"):
        check_swap_model(attractive)

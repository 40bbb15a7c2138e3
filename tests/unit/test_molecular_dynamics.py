"""Our own molecular dynamics: conservation, the canonical ensemble, restarts, any dimension."""

import numpy as np
import pytest
from glassmodes.landscape import Landscape
from glassmodes.models import load_models
from glassmodes.simulation.liquids import ENERGY_MEMORY, push_apart
from glassmodes.simulation.molecular_dynamics import (
    MolecularDynamics,
    MolecularDynamicsError,
    kinetic_temperature,
    maxwell_velocities,
)

MODELS = load_models()
# what a chaotic trajectory shows must hold on every processor
pytestmark = pytest.mark.processor


def liquid(name, particles, temperature, duration=2.0, seed=1):
    """Landscape, positions and velocities of a liquid, and its time step."""
    model = MODELS[name]
    rng = np.random.default_rng(seed)
    species, diameter = model.mixture(particles, rng)
    box = model.box(particles)
    landscape = Landscape(model, box, species, diameter)
    start = push_apart(landscape, rng.random((particles, model.dimension)) * box)
    velocities = maxwell_velocities(particles, model.dimension, temperature, rng)
    dynamics = MolecularDynamics(landscape, start, velocities, model.time_step, rng)
    dynamics.run(round(duration / model.time_step), temperature)
    return landscape, dynamics.positions, dynamics.velocity, model.time_step


@pytest.fixture(scope="module")
def flat():
    return liquid("ipl10_2d", 150, 1.0)


def total_energy(dynamics):
    return dynamics.potential_energy() + 0.5 * (dynamics.velocity**2).sum()


@pytest.mark.parametrize("name, particles", [("ipl10_2d", 150), ("ipl10_4d", 400)])
def test_energy_is_conserved_to_second_order_in_the_time_step(name, particles):
    landscape, positions, velocities, step = liquid(name, particles, 1.0)
    errors = []
    for refined in (1, 2, 4):
        dynamics = MolecularDynamics(landscape, positions, velocities, step / refined)
        start = total_energy(dynamics)
        found = []
        for _ in range(20):
            dynamics.run(10 * refined)
            found.append(total_energy(dynamics) - start)
        errors.append(np.std(found))
    # the shadow Hamiltonian differs by terms of dt^2
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.15)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.15)


def test_motion_is_reversible(flat):
    landscape, positions, velocities, step = flat
    there = MolecularDynamics(landscape, positions, velocities, step)
    there.run(200)
    back = MolecularDynamics(landscape, there.positions, -there.velocity, step)
    back.run(200)
    np.testing.assert_allclose(back.positions, positions, rtol=0, atol=1e-9)


def test_total_momentum_stays_zero(flat):
    landscape, positions, velocities, step = flat
    dynamics = MolecularDynamics(landscape, positions, velocities, step, np.random.default_rng(0))
    dynamics.run(500, 1.0)
    assert np.abs(dynamics.velocity.sum(axis=0)).max() < 1e-11
    np.testing.assert_allclose(dynamics.positions.mean(axis=0), positions.mean(axis=0), atol=1e-11)


def test_pair_lists_change_no_trajectory(flat):
    landscape, positions, velocities, step = flat
    found = []
    for outer, inner in ((0.3, 0.1), (1.0, 0.3)):
        dynamics = MolecularDynamics(
            landscape, positions, velocities, step, outer_skin=outer, inner_skin=inner
        )
        dynamics.run(400)
        found.append(dynamics.positions)
    assert np.abs(found[0] - positions).max() > 0.3
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-8)


def test_stopped_and_resumed_is_the_same_to_the_last_bit(flat):
    landscape, positions, velocities, step = flat

    def begin(positions, velocities, rng):
        return MolecularDynamics(landscape, positions, velocities, step, rng)

    whole = begin(positions, velocities, np.random.default_rng(3))
    first = begin(positions, velocities, np.random.default_rng(3))
    for _ in range(3):
        whole.run(150, 1.0)
    first.run(150, 1.0)
    rng = np.random.default_rng()
    rng.bit_generator.state = first.rng.bit_generator.state
    second = begin(first.positions, first.velocity, rng)
    second.run(150, 1.0)
    second.run(150, 1.0)
    np.testing.assert_array_equal(second.positions, whole.positions)
    np.testing.assert_array_equal(second.velocity, whole.velocity)


def test_thermostat_is_canonical(flat):
    """Mean and variance of the kinetic energy, equipartition over axes and species.

    The variance of the temperature of f degrees of freedom is 2 T^2 / f.
    """
    landscape, positions, velocities, step = flat
    temperature = 0.8
    dynamics = MolecularDynamics(landscape, positions, velocities, step, np.random.default_rng(8))
    dynamics.run(2000, temperature)
    kinetic, squares = [], []
    for _ in range(1200):
        # the thermostat forgets within half a unit of time
        dynamics.run(200, temperature)
        kinetic.append(dynamics.temperature)
        squares.append(dynamics.velocity**2)
    freedom = 2 * (150 - 1)
    kinetic, squares = np.array(kinetic), np.array(squares)
    deviation = temperature * np.sqrt(2.0 / freedom)
    assert kinetic.mean() == pytest.approx(temperature, abs=4 * deviation / np.sqrt(600))
    assert kinetic.std() == pytest.approx(deviation, rel=0.12)
    each = squares.reshape(1200, 150, 2)
    for axis in range(2):
        assert each[:, :, axis].mean() == pytest.approx(temperature, rel=0.02)
    for kind in (0, 1):
        assert each[:, landscape.species == kind].mean() == pytest.approx(temperature, rel=0.02)


def test_total_energy_relaxes_in_twice_the_thermostats_time(flat):
    """What makes energies of a liquid independent: half of the heat capacity is kinetic.

    Over so long a run its variance is known to 6%.
    """
    landscape, positions, velocities, step = flat
    dynamics = MolecularDynamics(landscape, positions, velocities, step, np.random.default_rng(8))
    temperature, apart = 1.0, 0.25
    dynamics.run(2000, temperature)
    energies = []
    for _ in range(4000):
        dynamics.run(round(apart / step), temperature)
        energies.append(total_energy(dynamics))
    energies = np.array(energies)
    deviation = energies - energies.mean()
    heat_capacity = deviation.var() / temperature**2
    assert heat_capacity / 150 == pytest.approx(2.0, rel=0.25)
    correlations = np.array([(deviation[k:] * deviation[: 4000 - k]).mean() for k in range(30)])
    relaxation = apart * np.argmax(correlations < deviation.var() / np.e)
    assert relaxation == pytest.approx(0.5 * ENERGY_MEMORY, rel=0.4)


def test_bath_follows_its_ramp(flat):
    landscape, positions, velocities, step = flat
    dynamics = MolecularDynamics(landscape, positions, velocities, step, np.random.default_rng(8))
    dynamics.run(4000, 1.0, 0.0)
    # behind by twice the rate times the thermostat's time: half of the heat is potential energy
    assert dynamics.temperature < 0.15
    assert dynamics.potential_energy() < landscape.energy_and_forces(positions)[0]


def test_maxwell_velocities():
    velocities = maxwell_velocities(5000, 3, 1.7, np.random.default_rng(0))
    assert np.abs(velocities.sum(axis=0)).max() < 1e-9
    assert kinetic_temperature(velocities) == pytest.approx(1.7, rel=1e-12)
    # normal: the fourth moment is three times the square of the second
    moments = (velocities**4).mean() / (velocities**2).mean() ** 2
    assert moments == pytest.approx(3.0, abs=0.15)


def test_an_explosion_is_an_error(flat):
    landscape, positions, velocities, _ = flat
    dynamics = MolecularDynamics(landscape, positions, velocities, 1.0)
    with pytest.raises(MolecularDynamicsError, match="time step"):
        dynamics.run(2000)

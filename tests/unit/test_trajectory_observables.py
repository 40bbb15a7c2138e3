"""Mean-squared displacement and time series on trajectories whose answer is known."""

import numpy as np
import pytest
from glassmodes.simulation import (
    dynamics_checks,
    logarithmic_lags,
    mean_squared_displacement,
    mean_squared_displacement_direct,
    mean_squared_displacement_fft,
    time_series,
)
from glassmodes.simulation.time_series import msd_ratio


def random_walk(frames=200, particles=5, dimension=3, seed=0):
    rng = np.random.default_rng(seed)
    return 100.0 + rng.normal(size=(frames, particles, dimension)).cumsum(axis=0)


@pytest.mark.parametrize("dimension", [2, 3, 4])
def test_constant_velocities_have_an_exact_displacement(dimension):
    rng = np.random.default_rng(1)
    velocity = rng.normal(size=(11, dimension))
    time = 0.5 * np.arange(80)
    positions = rng.normal(size=(11, dimension)) + time[:, None, None] * velocity
    found = mean_squared_displacement({"time": time, "positions": positions}, 0.1)
    relative = velocity - velocity.mean(axis=0)
    exact = (relative**2).sum(axis=1).mean() * found["lag"] ** 2
    np.testing.assert_allclose(found["msd"], exact, rtol=1e-9)


@pytest.mark.parametrize("dimension", [2, 3, 4])
def test_fft_agrees_with_the_definition(dimension):
    positions = random_walk(dimension=dimension)
    lags = np.arange(1, 150)
    np.testing.assert_allclose(
        mean_squared_displacement_fft(positions, lags),
        mean_squared_displacement_direct(positions, lags),
        rtol=1e-9,
    )


def test_fft_keeps_its_digits_for_tiny_vibrations_far_from_the_origin():
    rng = np.random.default_rng(2)
    positions = 20.0 + 1e-4 * rng.normal(size=(300, 4, 3))
    lags = logarithmic_lags(300)
    np.testing.assert_allclose(
        mean_squared_displacement_fft(positions, lags),
        mean_squared_displacement_direct(positions, lags),
        rtol=1e-9,
    )


def test_groups_of_particles_do_not_matter(monkeypatch):
    positions = random_walk(particles=7)
    trajectory = {"time": np.arange(200.0), "positions": positions}
    whole = mean_squared_displacement(trajectory, 0.1)
    direct = mean_squared_displacement(trajectory, 0.1, method="direct")
    monkeypatch.setattr("glassmodes.simulation.displacement._WORK_BYTES", 8 * 6 * 200 * 3 * 2)
    parts = mean_squared_displacement(trajectory, 0.1)
    np.testing.assert_allclose(parts["msd"], whole["msd"], rtol=1e-9)
    np.testing.assert_allclose(direct["msd"], whole["msd"], rtol=1e-9)


def test_independent_positions_have_a_flat_displacement():
    rng = np.random.default_rng(3)
    trajectory = {
        "time": 0.5 * np.arange(4000),
        "positions": 0.03 * rng.normal(size=(4000, 20, 3)),
    }
    msd = mean_squared_displacement(trajectory, 0.1)
    np.testing.assert_allclose(msd["msd"], 6 * 0.03**2 * 19 / 20, rtol=0.05)
    assert msd_ratio(msd) == pytest.approx(1.0, abs=0.02)
    assert np.isnan(msd_ratio(msd[msd["lag"] < 30]))


def test_checks_of_a_run_at_equilibrium_and_of_one_that_heats():
    rng = np.random.default_rng(4)
    time = 0.5 * np.arange(2000)
    kinetic = 0.01 + 1e-4 * rng.normal(size=2000)
    particles = 101
    # total energy conserved: what the kinetic energy loses the potential energy gains
    potential = 40.0 + 151.5 * 0.02 - 151.5 * kinetic
    run = {"time": time, "temperature": kinetic, "potential_energy": potential}
    row = dynamics_checks(run, 0.01, 40.0, particles).iloc[0]
    assert row["energy_drift"] == pytest.approx(0.0, abs=1e-9)
    assert row["mean_temperature"] == pytest.approx(0.01, rel=0.011)
    assert row["temperature_trend"] == pytest.approx(1.0, abs=1e-2)
    run["temperature"] = kinetic + 1e-3 * time / time[-1]
    heated = dynamics_checks(run, 0.01, 40.0, particles).iloc[0]
    assert heated["energy_drift"] == pytest.approx(1.5 * 0.1, rel=0.05)
    thinned = time_series(run, 0.01, 40.0, particles, points=100)
    assert len(thinned) == 100
    assert thinned["potential_energy"].mean() == pytest.approx(1.5 * 0.01, rel=0.02)

"""Lifetimes of modes from their energies: exact limits, estimator bias and error, streaming.

The Ornstein-Uhlenbeck ensemble is the physics of weakly coupled modes: a complex amplitude z with
damping Gamma/2 and thermal noise has energy |z|^2 whose autocorrelation is exactly
exp(-Gamma t), and whose mean is T.
"""

import numpy as np
import pytest
from glassmodes.anharmonic.lifetimes import (
    MINIMUM_RUN,
    ModeEnergies,
    TrajectoryError,
    average_windows,
    crossing_time,
    energy_autocorrelation,
    estimate_lifetimes,
    expected_crossing,
    expected_median,
    frame_interval,
    lifetimes,
    mode_energies,
)


def thermal_energies(rng, modes, frames, lifetime, temperature=1.0):
    """|z|^2 of complex Ornstein-Uhlenbeck amplitudes; the lifetime in units of the interval."""
    persistence = np.exp(-0.5 / lifetime)
    kick = np.sqrt(1.0 - persistence**2)
    noise = rng.normal(size=(frames + 1, modes, 2)) * np.sqrt(0.5 * temperature)
    amplitude = noise[frames]
    energies = np.empty((modes, frames))
    for frame in range(frames):
        energies[:, frame] = (amplitude**2).sum(axis=1)
        amplitude = persistence * amplitude + kick * noise[frame]
    return energies


class StoredModes:
    def __init__(self, frequency_squared, vectors):
        self.frequency_squared = frequency_squared
        self.vectors = vectors


@pytest.fixture
def harmonic_run():
    """Trajectory of uncoupled modes about a reference, drifting and wrapped around the box."""
    rng = np.random.default_rng(5)
    particles, frames, box = 7, 60, np.array([4.0, 5.0, 6.0])
    basis, _ = np.linalg.qr(
        np.hstack([np.tile(np.eye(3), (particles, 1)), rng.normal(size=(21, 18))])
    )
    vectors = basis[:, 3:].T.reshape(18, particles, 3)
    frequency = np.linspace(0.8, 20.0, 18)
    energy = rng.exponential(1e-3, size=18)
    phase = rng.uniform(0, 2 * np.pi, 18)
    time = 0.3 * np.arange(frames)
    angle = time[:, None] * frequency + phase
    amplitude = np.sqrt(2 * energy) / frequency * np.cos(angle)
    speed = -np.sqrt(2 * energy) * np.sin(angle)
    reference = rng.uniform(0, 1, (particles, 3)) * box
    images = box * rng.integers(-2, 3, (particles, 3))
    drift = np.array([0.01, -0.02, 0.005])
    trajectory = {
        "time": time,
        "positions": reference
        + images
        + np.einsum("fk,kia->fia", amplitude, vectors)
        + drift * time[:, None, None],
        "velocities": np.einsum("fk,kia->fia", speed, vectors) + drift,
    }
    return trajectory, StoredModes(frequency**2, vectors), reference, box, energy


def test_energies_of_uncoupled_modes_are_constant_and_exact(harmonic_run):
    trajectory, modes, reference, box, energy = harmonic_run
    found = mode_energies(trajectory, modes.frequency_squared, modes.vectors, reference, box)
    np.testing.assert_allclose(found, np.repeat(energy[:, None], found.shape[1], 1), rtol=2e-6)


@pytest.mark.parametrize("chunk", [1, 7, 60, 1000])
def test_chunks_and_precision_do_not_matter(harmonic_run, chunk):
    trajectory, modes, reference, box, _ = harmonic_run
    arguments = (trajectory, modes.frequency_squared, modes.vectors, reference, box)
    whole = mode_energies(*arguments)
    np.testing.assert_allclose(mode_energies(*arguments, chunk=chunk), whole, rtol=1e-6)
    single = mode_energies(*arguments, chunk=chunk, precision="single")
    np.testing.assert_allclose(single, whole, rtol=1e-4, atol=1e-9)


def test_frames_can_be_fed_while_a_simulation_runs(harmonic_run):
    trajectory, modes, reference, box, _ = harmonic_run
    recorder = ModeEnergies(modes.frequency_squared, modes.vectors, reference, box)
    for start in range(0, 60, 20):
        part = slice(start, start + 20)
        recorder.add(trajectory["positions"][part], trajectory["velocities"][part])
    stored = mode_energies(trajectory, modes.frequency_squared, modes.vectors, reference, box)
    np.testing.assert_array_equal(recorder.series, stored)


def test_groups_of_modes_give_the_same_table(harmonic_run):
    trajectory, modes, reference, box, _ = harmonic_run
    rng = np.random.default_rng(0)
    trajectory["velocities"] = trajectory["velocities"] + 0.01 * rng.normal(size=(60, 7, 3))
    arguments = (trajectory, modes, reference, box, 1e-3)
    whole = lifetimes(*arguments, window=5.0)
    groups = lifetimes(*arguments, window=5.0, memory=4 * 60 * 5)
    for name, table in whole.items():
        assert list(groups[name].columns) == list(table.columns)
        numbers = table.select_dtypes("number").columns
        np.testing.assert_allclose(groups[name][numbers], table[numbers], rtol=1e-5, atol=1e-9)
    assert whole["window_lifetimes"]["modes"].sum() == 18


def test_a_rearranged_run_gives_no_lifetime(harmonic_run):
    trajectory, modes, reference, box, _ = harmonic_run
    tables = lifetimes(trajectory, modes, reference, box, 1e-3, rearranged=True)
    table = tables["lifetimes"]
    assert table["lifetime"].isna().all() and table["rearranged"].all()
    assert set(table["status"]) == {"rearranged"}
    plain = lifetimes(trajectory, modes, reference, box, 1e-3)
    for name, columns in plain.items():
        assert list(tables[name].columns) == list(columns.columns)
    assert len(tables["energy_autocorrelation"]) == 0


def test_autocorrelation_is_that_of_the_definition():
    rng = np.random.default_rng(1)
    energies = rng.exponential(size=(3, 101))
    found = energy_autocorrelation(energies, lags=40)
    deviation = energies - energies.mean(axis=1, keepdims=True)
    for lag in range(40):
        direct = (deviation[:, : 101 - lag] * deviation[:, lag:]).mean(axis=1)
        np.testing.assert_allclose(found[:, lag], direct / deviation.var(axis=1), atol=1e-12)


def test_blocked_pair_sums_add_up_to_the_whole():
    rng = np.random.default_rng(2)
    energies = rng.exponential(size=(4, 203))
    _, sums = estimate_lifetimes(energies, 1.0, window_index=np.arange(4))
    for mode, products in sums.items():
        lags = products.shape[1]
        whole = energy_autocorrelation(energies[mode], lags=lags, normalised=False)[0]
        np.testing.assert_allclose(products.sum(axis=0) / (203 - np.arange(lags)), whole)


def test_crossing_of_an_exponential_is_exact_between_frames():
    lag = np.arange(200)
    for lifetime in (0.4, 3.3, 41.7):
        found = crossing_time(np.exp(-lag / lifetime), np.exp(-1.0), 1.0)
        assert found == pytest.approx(lifetime, rel=1e-12)
    assert np.isnan(crossing_time(np.exp(-lag / 1e4), np.exp(-1.0), 1.0))


def test_expected_crossing_is_the_mean_of_the_estimator():
    """Against the quadratic form of the discrete estimator, and its limits."""
    frames, lifetime = 600, 60.0
    time = np.arange(frames)
    covariance = np.exp(-np.abs(time[:, None] - time) / lifetime)
    centre = np.eye(frames) - 1.0 / frames
    centred = centre @ covariance @ centre
    lag = int(lifetime)
    exact = np.diag(centred, lag).mean() / np.diag(centred).mean()
    assert expected_crossing(lifetime / frames) == pytest.approx(exact, rel=2e-3)
    assert expected_crossing(1e-9) == pytest.approx(np.exp(-1.0), rel=1e-6)
    assert np.all(expected_crossing(np.linspace(1e-3, 1.0 / MINIMUM_RUN, 50)) > 0.0)


@pytest.mark.parametrize("run", [50, 100])
def test_lifetimes_of_thermal_modes_are_unbiased_and_their_errors_right(run):
    rng = np.random.default_rng(run)
    lifetime, modes = 20.0, 2000
    energies = thermal_energies(rng, modes, int(run * lifetime), lifetime, temperature=1e-3)
    table, sums = estimate_lifetimes(energies, 1.0, window_index=np.zeros(modes, dtype=int))
    ok = table[table["status"] == "ok"]
    assert len(ok) > 0.99 * modes
    mean_of = ok["lifetime"].mean() / lifetime
    scatter = ok["lifetime"].std() / lifetime
    assert mean_of == pytest.approx(1.0, abs=4 * scatter / np.sqrt(modes) + 1.0 / run)
    assert ok["lifetime_uncorrected"].mean() / lifetime < 1.0 - 2.0 / run
    assert ok["lifetime"].median() / lifetime == pytest.approx(expected_median(run), abs=0.03)
    assert scatter == pytest.approx(3.5 / np.sqrt(run), rel=0.25)
    robust = 1.4826 * (ok["lifetime"] - ok["lifetime"].median()).abs().median()
    assert ok["lifetime_error"].median() == pytest.approx(robust, rel=0.35)
    energy = table["mean_energy"] / 1e-3
    assert energy.mean() == pytest.approx(1.0, abs=4 * np.sqrt(2 / run / modes))
    assert table["mean_energy_error"].mean() / 1e-3 == pytest.approx(energy.std(), rel=0.2)
    windows, curves = average_windows(sums, energies.shape[1], 1.0, window=1.0)
    window = windows.iloc[0]
    assert abs(window["lifetime"] / lifetime - 1.0) < 0.03
    near = curves[curves["lag"] < 2 * lifetime]
    exact = np.exp(-near["lag"] / lifetime)
    np.testing.assert_allclose(near["value"], exact, atol=0.03 + 2.0 / run)


@pytest.mark.parametrize("run", [8, 20])
def test_windows_give_lifetimes_from_short_runs(run):
    rng = np.random.default_rng(run)
    lifetime = 20.0
    energies = thermal_energies(rng, 2000, int(run * lifetime), lifetime)
    _, sums = estimate_lifetimes(energies, 1.0, window_index=np.zeros(2000, dtype=int))
    windows, _ = average_windows(sums, energies.shape[1], 1.0, window=1.0)
    assert windows.loc[0, "lifetime"] / lifetime == pytest.approx(1.0, abs=0.08)


def test_a_run_too_short_is_flagged():
    rng = np.random.default_rng(3)
    energies = thermal_energies(rng, 50, 200, 200.0)
    table, _ = estimate_lifetimes(energies, 1.0)
    short = table["status"] == "short_run"
    assert table.loc[short, "lifetime"].isna().all()
    assert table.loc[~short, "lifetime"].max() < 200.0 / MINIMUM_RUN + 2.0


def test_bad_trajectories_are_refused(harmonic_run):
    trajectory, modes, reference, box, _ = harmonic_run
    with pytest.raises(TrajectoryError, match="evenly"):
        frame_interval([0.0, 1.0, 3.0])
    with pytest.raises(TrajectoryError, match="at least two"):
        frame_interval([0.0])
    trajectory["positions"][3, 2, 1] = np.nan
    with pytest.raises(TrajectoryError, match="not finite"):
        lifetimes(trajectory, modes, reference, box, 1e-3)
    with pytest.raises(ValueError, match="do not fit"):
        ModeEnergies(modes.frequency_squared, modes.vectors, reference[:-1], box)

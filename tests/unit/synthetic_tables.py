"""Tables of an invented campaign with the paper's trends, for tests of figures and summary only.

Energies of modes are those of thermal (Ornstein-Uhlenbeck) amplitudes with lifetimes 0.1/T in the
glass and (10/w)^2/T in the crystal; nothing here is a result.
"""

import numpy as np
import pandas as pd

from analysis.anharmonic.decay_rates import joint_density
from analysis.anharmonic.lifetimes import average_windows, estimate_lifetimes

INTERVAL = 4.0
TEMPERATURES = (1e-3, 1e-2)


def _energies(rng, lifetime, temperature, frames):
    persistence = np.exp(-0.5 * INTERVAL / lifetime)[:, None]
    kick = np.sqrt(1.0 - persistence**2)
    amplitude = rng.normal(size=(len(lifetime), 2))
    energies = np.empty((len(lifetime), frames))
    for frame in range(frames):
        energies[:, frame] = 0.5 * temperature * (amplitude**2).sum(axis=1)
        amplitude = persistence * amplitude + kick * rng.normal(size=amplitude.shape)
    return energies


def _sample(rng, kind, particles):
    count = 3 * particles - 3
    spectrum = np.sort(23.0 * rng.beta(2.2, 1.6, size=count)) + 1.5
    if kind == "crystal":
        spectrum = np.repeat(spectrum[::6], 6)[:count]
    rate = np.full(count, 10.0) if kind == "glass" else 1.0 * (spectrum / 10.0) ** 2
    return spectrum, rate


def build(particles=60, samples=2, frames=1500, seed=1):
    """All tables that figures and summary need."""
    rng = np.random.default_rng(seed)
    tables = {"ensembles": []}
    for kind in ("glass", "crystal"):
        tables["ensembles"].append(
            {
                "ensemble": kind,
                "model": "ipl12",
                "kind": kind,
                "particles": particles,
                "samples": samples,
                "dimension": 3,
                "density": 1.015,
            }
        )
        for sample in range(samples):
            _add_sample(tables, rng, kind, sample, particles, frames)
    return {
        name: pd.DataFrame(rows) if isinstance(rows[0], dict) else pd.concat(rows)
        for name, rows in tables.items()
    }


def _add_sample(tables, rng, kind, sample, particles, frames):
    def add(name, frame):
        frame = frame.copy()
        frame.insert(0, "ensemble", kind)
        frame.insert(1, "sample", sample)
        tables.setdefault(name, []).append(frame)

    spectrum, rate = _sample(rng, kind, particles)
    modes = pd.DataFrame({"mode": np.arange(len(spectrum)), "frequency": spectrum})
    add(
        "modes",
        modes.assign(
            participation_ratio=rng.uniform(0.1, 0.7, len(modes)),
            phonon_order=np.exp(-spectrum / 5.0),
        ),
    )
    add(
        "decay_rates",
        modes.assign(
            decay_rate_per_temperature=rate,
            splitting=0.4 * rate,
            combining=0.6 * rate,
            broadening=0.1,
        ),
    )
    add("joint_density", joint_density(spectrum, 0.1))
    moduli = {"shear_modulus": [22.0], "bulk_modulus": [60.0], "pressure": [24.0]}
    add("moduli", pd.DataFrame(moduli))
    index = np.floor(spectrum / 0.5).astype(int)
    for temperature in TEMPERATURES:
        energies = _energies(rng, 1.0 / (rate * temperature), temperature, frames)
        table, sums = estimate_lifetimes(energies, INTERVAL, window_index=index)
        run = pd.concat([modes, table], axis=1).assign(temperature=temperature, rearranged=False)
        add("lifetimes", run)
        windows, curves = average_windows(sums, frames, INTERVAL, 0.5)
        windows["modes"] = [int((index == key).sum()) for key in sorted(sums)]
        add("window_lifetimes", windows.assign(temperature=temperature))
        add("energy_autocorrelation", curves.assign(temperature=temperature))
        lag = np.geomspace(0.1, 1000.0, 40)
        plateau = (2.0 if kind == "glass" else 1.0) * 0.04 * temperature
        msd = plateau * (1.0 - np.exp(-((lag / 0.3) ** 2)))
        msd = pd.DataFrame({"temperature": temperature, "lag": lag, "msd": msd})
        add("mean_squared_displacement", msd)
        time = np.linspace(0.0, frames * INTERVAL, 200)
        add(
            "time_series",
            pd.DataFrame(
                {
                    "temperature": temperature,
                    "time": time,
                    "temperature_observed": temperature * (1 + 0.03 * rng.normal(size=200)),
                    "potential_energy": 1.5 * temperature * (1 + 0.03 * rng.normal(size=200)),
                }
            ),
        )
        checks = {
            "temperature": temperature,
            "duration": frames * INTERVAL,
            "mean_temperature": temperature,
            "temperature_error": 1e-3 * temperature,
            "temperature_trend": 1.0,
            "potential_trend": 1.0,
            "energy_drift": 1e-6,
            "msd_ratio": 1.0,
        }
        add("dynamics_checks", pd.DataFrame([checks]))

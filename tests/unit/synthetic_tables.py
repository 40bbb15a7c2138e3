"""Tables of an invented campaign with the paper's trends, for tests of figures and summary only.

Energies of modes are those of thermal (Ornstein-Uhlenbeck) amplitudes with lifetimes 0.1/T in the
glass and (10/w)^2/T in the crystal; nothing here is a result.
"""

import numpy as np
import pandas as pd
from glassmodes.anharmonic.decay_rates import joint_density
from glassmodes.anharmonic.lifetimes import average_windows, estimate_lifetimes
from glassmodes.mechanics import debye_level

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
                "protocol": "quench",
                "parent_temperature": 1.0,
            }
        )
        for sample in range(samples):
            _add_sample(tables, rng, kind, sample, particles, frames)
            # so few particles rearrange seldom: a long run
            _add_transitions(tables, rng, kind, kind, sample, particles, 5e-2, 2000.0)
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
    density, edges = np.histogram(spectrum, np.arange(0.0, 26.0, 0.5), density=True)
    error = 0.05 * np.sqrt(density)
    add(
        "density_of_states",
        pd.DataFrame(
            {
                "frequency": 0.5 * (edges[1:] + edges[:-1]),
                "density": density + 0.1 * error * rng.normal(size=len(density)),
                "density_error": 0.1 * error,
            }
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
    add("moduli", pd.DataFrame(moduli).assign(debye_level=debye_level(1.015, 22.0, 60.0)))
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


# --- inherent structures through time -------------------------------------------------------------

FRAME_INTERVAL = 0.1
RATE_PER_PARTICLE = {1e-2: 2e-5, 5e-2: 1e-4}
"""Rearrangements per particle and unit of time in the invented glass; none at other temperatures"""


def build_transitions(
    sizes=(1000, 4000),
    temperatures=(1e-2, 5e-2),
    samples=3,
    duration=200.0,
    crystal=500,
    seed=2,
):
    """Tables of rearrangements in glasses of several sizes, and in a crystal that has none.

    Each glass is a set of independent two-state systems, so that its displacement is bounded and
    comes back to zero.
    """
    rng = np.random.default_rng(seed)
    known, tables = [], {}
    for kind, size in [("glass", size) for size in sizes] + [("crystal", crystal)] * bool(crystal):
        name = f"{kind}_{size}"
        known.append(
            {
                "ensemble": name,
                "model": "ipl12" if kind == "glass" else "ipl12_one_component",
                "kind": kind,
                "particles": size,
                "samples": samples,
                "dimension": 3,
                "density": 1.015,
                "protocol": "quench",
                "parent_temperature": 1.0,
            }
        )
        for sample in range(samples):
            for temperature in temperatures:
                _add_transitions(tables, rng, name, kind, sample, size, temperature, duration)
    tables = {name: pd.concat(frames, ignore_index=True) for name, frames in tables.items()}
    return {"ensembles": pd.DataFrame(known), **tables}


def _add_transitions(tables, rng, ensemble, kind, sample, particles, temperature, duration):
    def add(name, frame):
        frame = pd.DataFrame(frame)
        frame.insert(0, "ensemble", ensemble)
        frame.insert(1, "sample", sample)
        frame.insert(2, "temperature", temperature)
        tables.setdefault(name, []).append(frame)

    time = FRAME_INTERVAL * np.arange(int(round(duration / FRAME_INTERVAL)) + 1)
    rate = RATE_PER_PARTICLE.get(temperature, 0.0) * particles if kind == "glass" else 0.0
    # an event's size, its energy and its number of particles: scatter about the paper's trends
    systems = max(1, round(rate * 20))
    distance = np.clip(0.2 * (temperature / 1e-2) ** 0.6 * rng.lognormal(0, 0.5, systems), 0.1, 4)
    energy = rng.choice([-1, 1], systems) * 0.15 * distance**1.5 * rng.lognormal(0, 0.6, systems)
    taking_part = np.clip(40 * distance**-0.5 * rng.lognormal(0, 0.4, systems), 5, particles)
    switched = np.sort(rng.choice(len(time) - 1, rng.poisson(rate * duration), False)) + 1
    which = rng.integers(systems, size=len(switched))
    state, structures, events = np.zeros(systems, dtype=int), {(0,) * systems: 0}, []
    columns = {name: np.zeros(len(time)) for name in ("energy", "displacement", "step_distance")}
    columns["step_energy"], columns["structure"] = np.zeros(len(time)), np.zeros(len(time), int)
    for frame, system in zip(switched, which, strict=True):
        before = structures[tuple(state)]
        change = energy[system] * (-1) ** state[system]
        state[system] ^= 1
        after = structures.setdefault(tuple(state), len(structures))
        columns["structure"][frame:] = after
        columns["energy"][frame:] = (state * energy).sum()
        columns["displacement"][frame:] = np.sqrt((state * distance**2).sum())
        columns["step_distance"][frame] = distance[system]
        columns["step_energy"][frame] = change
        events.append(
            {
                "time": time[frame],
                "distance": distance[system],
                "energy_change": change,
                "participants": taking_part[system],
                "far_field_exponent": 2.75 + 0.2 * rng.normal(),
                "far_field_error": 0.2,
                "largest": distance[system] / np.sqrt(0.5 * taking_part[system]),
                "before": before,
                "after": after,
            }
        )
    add("inherent_structures", {"time": time, **columns, "max_force": 1e-11, "converged": True})
    left = np.flatnonzero(columns["structure"] != 0)
    add(
        "rearrangement_runs",
        {
            "duration": [duration],
            "frames": len(time),
            "events": len(events),
            "distinct_structures": len(structures),
            "returned": bool(len(left) and (columns["structure"][left[0] :] == 0).any()),
            "not_converged": 0,
            "evaluations_per_frame": 60.0,
            "seconds_per_frame": 0.01,
            "particles": particles,
        },
    )
    if events:
        add("rearrangements", events)
        largest = max(events, key=lambda event: event["distance"])
        add("rearrangement_fields", _field(rng, particles, largest["distance"], largest["time"]))


def _field(rng, particles, distance, time):
    """A core of a few particles with a tail r^-2.7 around the first, in a box of density 1.015."""
    edge = (particles / 1.015) ** (1.0 / 3.0)
    cells = int(np.ceil(particles ** (1.0 / 3.0)))
    sites = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), -1).reshape(-1, 3)
    sites = rng.permutation(sites)[:particles] * edge / cells
    position = np.mod(sites + 0.15 * rng.normal(size=sites.shape), edge)
    apart = position - position[0]
    apart -= edge * np.rint(apart / edge)
    size = 1.0 / (1.0 + np.linalg.norm(apart, axis=1) ** 2.7)
    direction = rng.normal(size=sites.shape)
    field = direction / np.linalg.norm(direction, axis=1)[:, None] * size[:, None]
    field *= distance / np.sqrt((field**2).sum())
    columns = dict(zip(("x", "y", "z", "dx", "dy", "dz"), (*position.T, *field.T), strict=True))
    return {"time": time, "particle": np.arange(particles), **columns}

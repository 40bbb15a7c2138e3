"""Tables of an invented campaign of pulled modes, for tests of figures and summary only.

Both potentials, several sizes; the trends are those of mizuno2020_anharmonic: A_c grows with
frequency and depends neither on N nor on the nature of the mode, a few transitions are shared by
many modes, |DPhi| ~ |Dr|^3, T_c falls with N, and the cubic A_c is two decades too large and
follows P_k. Nothing here is a result.
"""

import numpy as np
import pandas as pd

STRUCTURES = 12
"""Distinct transitions of each sample, in the invented landscapes."""

BOSON_PEAK = {"harmonic": 0.12, "lj": 1.5}
DENSITY = {"harmonic": 1.394, "lj": 0.997}

_AMPLITUDE = {"harmonic": 1e-3, "lj": 1e-2}
_DISTANCE = {"harmonic": 3e-2, "lj": 1.0}
_ENERGY = {"harmonic": 0.1, "lj": 0.5}
_PER_PARTICLE = {"harmonic": 1.5e-2, "lj": 1.5e-1}


def build(sizes=(300, 600), samples=(4, 3), modes=60, seed=1):
    """All tables that figures and summary need."""
    rng = np.random.default_rng(seed)
    tables = {}
    for model in ("harmonic", "lj"):
        for particles, count in zip(sizes, samples, strict=True):
            name = f"{model}_{particles}"
            _add(tables, "ensembles", None, _ensemble(name, model, particles, count))
            peak = {
                "frequency": [BOSON_PEAK[model]],
                "frequency_error": [0.05 * BOSON_PEAK[model]],
                "level": [3.0],
                "spectrum_of": [f"{model}_{sizes[0]}"],
            }
            _add(tables, "boson_peak", (name, -1), pd.DataFrame(peak))
            for sample in range(count):
                _add_sample(tables, rng, model, name, sample, particles, modes)
        # larger, with cubic amplitudes only
        name, particles = f"{model}_large", 8 * sizes[-1]
        _add(tables, "ensembles", None, _ensemble(name, model, particles, 1))
        _add(tables, "cubic_amplitudes", (name, 0), _cubic(rng, model, particles, modes))
    return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}


def _add(tables, name, key, frame):
    if key is not None:
        frame = frame.copy()
        frame.insert(0, "ensemble", key[0])
        frame.insert(1, "sample", key[1])
    tables.setdefault(name, []).append(frame)


def _ensemble(name, model, particles, samples):
    row = {
        "ensemble": name,
        "model": model,
        "kind": "glass",
        "particles": particles,
        "samples": samples,
        "dimension": 3,
        "density": DENSITY[model],
        "protocol": "quench",
        "parent_temperature": 1.0,
    }
    return pd.DataFrame([row])


def _spectrum(rng, model, modes):
    frequency = np.sort(BOSON_PEAK[model] * 1.3 * rng.uniform(0.02, 1.0, modes) ** (1.0 / 3.0))
    participation = 10.0 ** rng.uniform(-2.0, -0.2, modes)
    order = np.clip(0.2 + 0.5 * np.log10(participation / 0.01) / 1.8, 0.0, 1.0)
    return frequency, participation, np.clip(order + 0.1 * rng.normal(size=modes), 0.0, 1.0)


def _cubic(rng, model, particles, modes):
    frequency, participation, order = _spectrum(rng, model, modes)
    amplitude = 300.0 * _AMPLITUDE[model] * participation * np.exp(0.3 * rng.normal(size=modes))
    return pd.DataFrame(
        {
            "mode": np.arange(modes),
            "frequency": frequency,
            "cubic": -2.0 * frequency**2 / (amplitude * np.sqrt(particles)),
            "amplitude": amplitude,
            "phonon_order": order,
            "participation_ratio": participation,
        }
    )


def _add_sample(tables, rng, model, name, sample, particles, modes):
    cubic = _cubic(rng, model, particles, modes)
    _add(tables, "cubic_amplitudes", (name, sample), cubic)
    frequency = cubic["frequency"].to_numpy()
    amplitude = (
        _AMPLITUDE[model]
        * (frequency / BOSON_PEAK[model]) ** 2
        * np.exp(rng.normal(size=modes) - 0.4 * np.log(particles / 300))
    )
    distances = _DISTANCE[model] * np.exp(1.2 * rng.normal(size=STRUCTURES))
    energies = _ENERGY[model] * distances**3 * np.exp(0.5 * rng.normal(size=STRUCTURES))
    per_particle = _PER_PARTICLE[model] * np.exp(0.4 * rng.normal(size=STRUCTURES))
    structure = rng.integers(STRUCTURES, size=modes)
    distance = distances[structure]
    table = pd.DataFrame(
        {
            "mode": np.arange(modes),
            "frequency": frequency,
            "amplitude": amplitude,
            "sign": rng.choice([-1, 1], modes),
            "amplitude_other": 1.3 * amplitude,
            "barrier": 0.5
            * (frequency * amplitude) ** 2
            * particles
            * np.exp(0.1 * rng.normal(size=modes)),
            "distance": distance,
            "energy_change": -energies[structure],
            "participants": np.maximum((distance / per_particle[structure]) ** 2, 1.0),
            "largest": 0.3 * distance,
            "overlap": rng.uniform(0.0, 0.3, modes) * np.where(cubic["phonon_order"] < 0.3, 1.5, 1),
            "far_field_exponent": 2.75 + 0.2 * rng.normal(size=STRUCTURES)[structure],
            "far_field_error": 0.1,
            "phonon_order": cubic["phonon_order"],
            "participation_ratio": cubic["participation_ratio"],
            "cubic_amplitude": cubic["amplitude"],
            "outcome": "transition",
            "final_structure": structure + 1,
            "scanned_to": amplitude,
            "minimisations": 24,
            "relative_precision": 0.01,
            "evaluations": 4000,
            "seconds": 1.5,
        }
    )
    lost = {"harmonic": ("none", "not_converged"), "lj": ("overlap", "none")}[model]
    for place, outcome in enumerate(lost):
        row = modes - 1 - place
        table.loc[row, ["outcome", "final_structure", "sign"]] = [outcome, -1, 0]
        measured = ["amplitude", "amplitude_other", "barrier", "distance", "energy_change"]
        measured += ["participants", "largest", "overlap", "far_field_exponent", "far_field_error"]
        table.loc[row, measured] = np.nan
        table.loc[row, "scanned_to"] = 100.0 * _AMPLITUDE[model]
    _add(tables, "excitations", (name, sample), table)
    if sample == 0:
        for mode in (0, 5):
            _add(tables, "excitation_scans", (name, sample), _scan(table.loc[mode]))
            field = _field(rng, model, particles, float(table.loc[mode, "distance"]))
            field.insert(0, "mode", mode)
            field.insert(1, "frequency", frequency[mode])
            _add(tables, "excitation_fields", (name, sample), field)


def _scan(mode):
    rows = []
    for sign in (1, -1):
        threshold = mode["amplitude"] * (1.0 if sign == mode["sign"] else 1.3)
        for value in threshold * np.geomspace(0.1, 3.0, 20):
            fell = value >= threshold
            rows.append(
                {
                    "mode": int(mode["mode"]),
                    "sign": sign,
                    "frequency": mode["frequency"],
                    "amplitude": value,
                    "distance": mode["distance"] if fell else 0.0,
                    "energy_change": mode["energy_change"] if fell else 0.0,
                }
            )
    return pd.DataFrame(rows)


def _field(rng, model, particles, distance):
    edge = (particles / DENSITY[model]) ** (1.0 / 3.0)
    positions = rng.uniform(0.0, edge, (particles, 3))
    apart = positions - positions[0]
    apart -= edge * np.rint(apart / edge)
    size = 1.0 / (0.5 + np.sqrt((apart**2).sum(axis=1))) ** 3
    field = rng.normal(size=(particles, 3)) + np.array([2.0, 0.0, 0.0])
    field *= (size / np.sqrt((field**2).sum(axis=1)))[:, None]
    field *= distance / np.sqrt((field**2).sum())
    return pd.DataFrame(
        np.column_stack([np.arange(particles), positions, field]),
        columns=["particle", "x", "y", "z", "dx", "dy", "dz"],
    ).astype({"particle": int})

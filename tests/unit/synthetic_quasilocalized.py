"""Tables of an invented campaign of quasilocalized excitations, for tests of figures and summary.

Every exponent and fraction is put in by hand, and is that of kapteijns2020_nqe unless a test asks
for another: soft spots with D(omega) ~ omega^4, the convergence of harmonic to quartic modes as
omega^2 and omega^4 with f(L) ~ L^2 in 2D, cubic modes 30 % stiffer, tau^2 ~ kappa chi. Nothing here
is a result.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from glassmodes.papers.kapteijns2020_nqe.glasses import paper_model


@dataclass(frozen=True)
class Physics:
    """What the invented soft spots obey."""

    density_exponent: float = 4.0
    stiffer: float = 0.30
    stiffer_exponent: float = 0.0
    participants_exponent: float = -1.0
    gap_exponent: float = 2.0
    structure_exponent: float = 4.0
    prefactor_exponent: float = 2.0
    asymmetry_exponent: float = 1.0
    coupling_exponent: float = 0.0
    asymmetry: float = 1.4
    quartic_follows: bool = False


@dataclass(frozen=True)
class Entry:
    """One invented ensemble: what `ensembles` says of it."""

    name: str
    model: str
    particles: int
    samples: int
    density: float
    parent_temperature: float
    protocol: str = "equilibrium"

    @property
    def dimension(self):
        """Of space."""
        return int(paper_model(self.model).name[0])


ENTRIES = (
    Entry("plane_400", "ipl10_2d", 400, 500, 0.86, 2.0, "cooling"),
    Entry("plane_1600", "ipl10_2d", 1600, 500, 0.86, 2.0, "cooling"),
    Entry("plane_hot", "ipl10_2d", 400, 60, 0.86, 2.0),
    Entry("space_512", "ipl10_3d", 512, 500, 0.82, 2.0),
    Entry("space_2048", "ipl10_3d", 2048, 2000, 0.82, 2.0),
    Entry("hyperspace", "ipl10_4d", 2401, 60, 0.80, 2.0, "cooling"),
    Entry("poly_stable", "poly", 2000, 60, 0.58, 0.35),
    Entry("poly_middle", "poly", 2000, 60, 0.58, 0.5),
    Entry("poly_hot", "poly", 2000, 60, 0.58, 1.3),
    Entry("poly_dense", "poly_065", 2000, 40, 0.65, 1.3),
)

SCALE = {2: 0.11, 3: 0.33, 4: 0.55}
"""omega_4 of a typical softest mode at the sizes of REFERENCE_SIZE, in the paper's units."""

REFERENCE_SIZE = {2: 1600, 3: 2048, 4: 2401}

GAP = {2: 0.02, 3: 0.4, 4: 0.3}
"""(omega_4^2 - omega_2^2) / omega_4^2 over omega_4^2, at L = 10 in 2D."""


def beyond_bound(entry):
    """Part of the cubic modes beyond tau^2 = 3 kappa chi."""
    return paper_model(entry.model).beyond_bound.get(entry.parent_temperature, 0.05)


def modulus(entry):
    """Mean G of an invented ensemble: the paper's where it is hot, stiffer where annealed."""
    value = paper_model(entry.model).shear_modulus
    if entry.protocol == "cooling":
        return 1.2 * value
    if entry.density == 0.65:
        return 14.6
    return value * {0.35: 1.5, 0.5: 1.3}.get(entry.parent_temperature, 1.0)


def build(entries=ENTRIES, physics=None, seed=1, samples=None, fields=True):
    """All tables that figures and summary need.

    Parameters
    ----------
    entries : sequence of Entry
    physics : Physics, optional
    seed : int
    samples : int, optional
        Of every ensemble, instead of its own number.
    fields : bool
        With the pictures of modes.
    """
    rng = np.random.default_rng(seed)
    physics = physics or Physics()
    tables = {"ensembles": pd.DataFrame([_ensemble(entry, samples) for entry in entries])}
    parts = {}
    for entry in entries:
        made = _modes(rng, entry, physics, samples or entry.samples)
        made |= _profiles(rng, entry)
        if fields and entry.dimension < 4:
            made |= _fields(rng, entry)
        for name, frame in made.items():
            frame.insert(0, "ensemble", entry.name)
            parts.setdefault(name, []).append(frame)
    tables |= {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}
    return tables


def _ensemble(entry, samples):
    return {
        "ensemble": entry.name,
        "model": entry.model,
        "kind": "glass",
        "particles": entry.particles,
        "samples": samples or entry.samples,
        "dimension": entry.dimension,
        "density": entry.density,
        "protocol": entry.protocol,
        "parent_temperature": entry.parent_temperature,
    }


def _units(entry):
    """a_0 and omega_0 as the campaign would find them."""
    paper, dimension = paper_model(entry.model), entry.dimension
    hot = 14.6 if entry.density == 0.65 else paper.shear_modulus
    length = entry.density ** (-1.0 / dimension)
    return length, np.sqrt(hot / entry.density) / length


def _modes(rng, entry, physics, count):
    """Tables of modes and samples."""
    dimension, edge = entry.dimension, entry.particles ** (1.0 / entry.dimension)
    power = 1.0 + physics.density_exponent
    scale = SCALE[dimension] * (entry.particles / REFERENCE_SIZE[dimension]) ** (-1.0 / power)
    scale *= {0.35: 1.5, 0.5: 1.2}.get(entry.parent_temperature, 1.0)
    omega = scale * rng.exponential(size=count) ** (1.0 / power)
    phonon = 2.0 * np.pi / edge

    participants = 60.0 * np.exp(0.35 * rng.normal(size=count))
    chi = 300.0 * (participants / 60.0) ** physics.participants_exponent
    chi *= np.exp(0.12 * rng.normal(size=count))

    # the limit of Eq. 17, no denominators: exact power laws
    strength = GAP[dimension] * (
        (edge / 10.0) ** physics.prefactor_exponent if dimension == 2 else edge**0.1
    )
    noise = np.exp(0.6 * rng.normal(size=count))
    gap = np.minimum(strength * omega**physics.gap_exponent * noise, 0.95)
    structure = 0.5 * (strength * omega ** (0.5 * physics.structure_exponent)) ** 2 * noise
    structure = np.minimum(structure, 0.9)
    mixed = omega / phonon > 0.9

    ratio = physics.stiffer * (omega / scale) ** physics.stiffer_exponent
    stiffness = omega**2 * (1.0 + ratio * np.exp(0.4 * rng.normal(size=count)))
    chi_cubic = chi * np.exp(0.1 + 0.06 * rng.normal(size=count))
    spread = np.log(3.0 / physics.asymmetry) / NormalDist().inv_cdf(1.0 - beyond_bound(entry))
    asymmetry = physics.asymmetry * np.exp(spread * rng.normal(size=count))
    cubic = asymmetry * (stiffness / scale**2) ** physics.asymmetry_exponent * scale**2 * chi_cubic
    cubic_overlap = 1.0 - 0.01 * np.exp(rng.normal(size=count))
    if physics.quartic_follows:
        square = 0.3 * np.exp(spread * rng.normal(size=count))
    else:
        square = 0.3 * rng.normal(size=count) ** 2
    tau_quartic = np.sqrt(square * omega**2 * chi)

    coupling = 0.5 * omega**physics.coupling_exponent * rng.normal(size=count)
    length, frequency = _units(entry)
    common = {
        "mode": 0,
        "iterations": 40,
        "residual": 1e-12,
        "converged": True,
        "outcome": "converged",
        "overlap_solvers": np.nan,
        "difference_stiffness": np.nan,
        "seconds": 0.2,
    }

    def kind(name, start, kappa, tau, fourth, spread_over, response, **columns):
        frame = pd.DataFrame({"sample": np.arange(count), "kind": name, "start": start})
        frame = frame.assign(**common)
        for column in ("overlap_harmonic", "overlap_quartic", "overlap_cubic", "difference"):
            frame[column] = columns.get(column, np.nan)
        stiffness = kappa * frequency**2
        return frame.assign(
            frequency=np.sqrt(stiffness),
            stiffness=stiffness,
            cubic=np.abs(tau) * frequency**2 / length,
            quartic=fourth * frequency**2 / length**2,
            participation_ratio=spread_over / entry.particles,
            participants=spread_over,
            cubic_energy=stiffness**3 / (tau * frequency**2 / length) ** 2,
            quartic_energy=stiffness**2 / (fourth * frequency**2 / length**2),
            quartic_response=response,
            shear_coupling=coupling * length * frequency**2,
            shear_coupling_rms=np.abs(coupling) * length * frequency**2,
        )

    response = 2.0 + np.abs(0.2 * rng.normal(size=count))
    wide = participants * np.where(mixed, 4.0, 1.05)
    harmonic = kind("harmonic", "eigen", omega**2 * (1.0 - gap), tau_quartic, chi, wide, response)
    quartic = kind(
        "quartic",
        "harmonic",
        omega**2,
        tau_quartic,
        chi,
        participants,
        response,
        overlap_harmonic=1.0 - structure,
        difference=np.sqrt(2.0 * structure),
    )
    third = kind(
        "cubic",
        "quartic",
        stiffness,
        np.sqrt(cubic),
        chi_cubic,
        0.9 * participants,
        response,
        overlap_quartic=cubic_overlap,
    )
    lost = third.index == 3
    third.loc[lost, ["converged", "outcome"]] = [False, "limit"]
    status = pd.DataFrame({"sample": np.arange(count), "status": "ok"}).assign(
        shear_modulus=modulus(entry) * (1.0 + 0.1 * rng.normal(size=count)),
        bulk_modulus=80.0,
        pressure=18.0,
        energy_per_particle=5.8,
        max_force=1e-11,
        second_frequency=1.3 * phonon * frequency,
        seconds=0.8,
    )
    return {
        "quasilocalized": pd.concat([harmonic, quartic, third], ignore_index=True),
        "quasilocalized_samples": status,
        "quasilocalized_growth": _growth(),
    }


def _growth():
    starts = np.array([1, 2, 5, 10, 20, 50])
    rows = []
    for sample in range(2):
        for kind, total in (("cubic", 12.0), ("quartic", 15.0)):
            found = total * (1.0 - np.exp(-starts / 12.0))
            rows.append(
                pd.DataFrame(
                    {
                        "sample": sample,
                        "kind": kind,
                        "starts": starts,
                        "distinct": found,
                        "coverage": found / total,
                        "total": total,
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)


def _profiles(rng, entry, samples=5):
    length, edge = (
        entry.density ** (-1.0 / entry.dimension),
        entry.particles ** (1.0 / entry.dimension),
    )
    distance = np.arange(0.25, 0.5 * edge, 0.5)
    rows = []
    for sample in range(samples):
        for kind in ("harmonic", "quartic", "cubic"):
            square = 0.05 / (1.0 + distance ** (2.0 * (entry.dimension - 1)))
            square *= np.exp(0.2 * rng.normal(size=len(distance)))
            if kind == "harmonic":
                square += 0.2 / entry.particles
            shells = pd.DataFrame({"distance": distance * length, "median_square": square})
            rows.append(
                shells.assign(
                    sample=sample, kind=kind, mode=0, mean_square=1.3 * square, particles=20
                )
            )
    table = pd.concat(rows, ignore_index=True)
    columns = ["sample", "kind", "mode", "distance", "median_square", "mean_square", "particles"]
    return {"quasilocalized_profiles": table[columns]}


def _core(rng, positions, centre, edge, dimension):
    """An invented soft spot: a disordered core in a field that decays as r^(1-d)."""
    apart = positions - centre
    apart -= edge * np.rint(apart / edge)
    distance = np.sqrt((apart**2).sum(axis=1)) + 1e-9
    direction = np.zeros(dimension)
    direction[0] = 1.0
    radial = apart / distance[:, None]
    cosine = radial @ direction
    # the far field of a shear transformation: radial, with a factor of cos 2 theta in the plane
    field = radial * (2.0 * cosine**2 - 1.0)[:, None]
    field += (0.6 * rng.normal(size=positions.shape) + direction) * np.exp(-distance)[:, None]
    field /= (1.0 + (distance / 1.2) ** (dimension - 1))[:, None]
    return field / np.linalg.norm(field)


def _wave(positions, edge, dimension):
    field = np.zeros_like(positions)
    field[:, 1] = np.sin(2.0 * np.pi * positions[:, 0] / edge)
    return field / np.linalg.norm(field)


def _fields(rng, entry):
    dimension = entry.dimension
    edge = (entry.particles / entry.density) ** (1.0 / dimension)
    positions = rng.uniform(0.0, edge, (entry.particles, dimension))
    first = _core(rng, positions, np.full(dimension, 0.3 * edge), edge, dimension)
    second = _core(rng, positions, np.full(dimension, 0.75 * edge), edge, dimension)
    wave = _wave(positions, edge, dimension)
    other = wave if dimension == 2 else second
    roles = {
        "softest": [
            ("harmonic", first + 0.02 * other),
            ("quartic", -first),
            ("difference", 0.02 * other - 0.3 * 0.02 * first),
        ],
        "hybridised": [
            ("harmonic", 0.8 * first + 0.6 * second),
            ("quartic", first),
            ("second_quartic", -second),
        ],
        "phonon": [("harmonic", 0.7 * first + 0.7 * wave), ("quartic", first)],
    }
    frames = []
    for sample, (role, modes) in enumerate(roles.items()):
        for place, (kind, field) in enumerate(modes):
            field = field / np.linalg.norm(field)
            frame = pd.DataFrame(
                {
                    "sample": sample,
                    "role": role,
                    "kind": kind,
                    "frequency": 0.5 + 0.01 * place,
                    "particle": np.arange(entry.particles),
                }
            )
            for axis, name in enumerate("xyzw"):
                known = axis < dimension
                frame[name] = positions[:, axis] if known else np.nan
                frame[f"d{name}"] = field[:, axis] if known else np.nan
            frames.append(frame)
    columns = ["sample", "role", "kind", "frequency", "particle", *"xyzw"]
    columns += [f"d{axis}" for axis in "xyzw"]
    return {"quasilocalized_fields": pd.concat(frames, ignore_index=True)[columns]}

"""Equilibrium liquids by the thousand: runs of many snapshots, a measured decorrelation time apart.

A run starts from random positions that are pushed apart and goes through three phases:

equilibration
    `equilibration` long at least, in legs of equal length; nothing of it is kept but the energies.
decorrelation
    The overlap with the configuration at the start of the phase,

        q(t) = (1/N) sum_i theta(a - |r_i(t) - r_i(0)|),    a = 0.3 mean diameters,

    its drift of the centre of mass removed, is followed until it falls below 1/e: the decorrelation
    time. Three such decays, one after another, are averaged. If what came before them has not
    lasted for five decorrelation times, the first of them is counted to the equilibration and
    another one follows, until it has.
sampling
    Snapshots, `spacing` decorrelation times apart.

`dynamics: molecular` is canonical molecular dynamics, its time that of the model; `dynamics: swap`
is swap Monte Carlo, its time counted in sweeps (one attempted move of each particle). A run is
equilibrated if every decay was seen, the equilibration lasted for five decorrelation times, and the
energy of its last half does not drift by more than three standard errors: a line through n
independent values that fluctuate by s rises by s sqrt(12 / n) by chance. Energies are independent
after a decorrelation time, in molecular dynamics not before the bath has exchanged them.

Sample s of an ensemble is snapshot s % snapshots of run s // snapshots. Every leg starts from the
state at the end of the last one alone, so a run that was killed goes on from its stored state to
the same bits.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from glassmodes.data.storage import create_file, open_file
from glassmodes.ensembles import Ensemble
from glassmodes.landscape import Landscape
from glassmodes.landscape.minimisers import fire
from glassmodes.models import GlassModel
from glassmodes.randomness import random_stream
from glassmodes.simulation.molecular_dynamics import (
    THERMOSTAT_TIME,
    MolecularDynamics,
    MolecularDynamicsError,
    maxwell_velocities,
)
from glassmodes.simulation.swap import (
    SWAP_FRACTION,
    SWAP_WINDOW,
    TRANSLATION_STEP,
    Moves,
    SwapError,
    SwapMonteCarlo,
)

LEGS = 200
"""Legs of the least equilibration, and the most of a decay."""

OVERLAP_DISTANCE = 0.3
"""Displacement, in mean diameters, within which a particle counts as being where it was."""

DECAYS = 3
"""Decays of the overlap that are averaged."""

MOST_DECAYS = 12
"""Decays that are waited for; eight are enough where all last as long."""

FEWEST_DECORRELATIONS = 5.0
"""Decorrelation times that an equilibration must last."""

LARGEST_DRIFT = 3.0
"""Drift of the energy, in units of its standard error, of an equilibrated liquid."""

ENERGY_MEMORY = 4.0 * THERMOSTAT_TIME
"""Time between independent energies of molecular dynamics. The bath acts on the kinetic energy,
half of the heat capacity, so the total energy relaxes in twice the thermostat's time; independent
values are two relaxation times apart."""

PUSH_OFF_FORCE, PUSH_OFF_STEPS = 1.0, 300
"""Largest force, and most steps, of FIRE that takes the overlaps out of a random start."""

SPACING = 2.0
"""Decorrelation times between snapshots, where none are asked for."""

STATE_INTERVAL = 60.0
"""Seconds between two states on disk."""

_log = logging.getLogger(__name__)


@dataclass
class Liquid:
    """Snapshots of one equilibrium run.

    Attributes
    ----------
    run : int
        Index within the ensemble.
    positions : ndarray, shape=(S, N, d)
        Unwrapped.
    diameter : ndarray, shape=(S, N)
    species : ndarray, shape=(N,), int
    box : ndarray, shape=(d,)
    status : str
        "ok", "not_equilibrated", "failed" or "nan"; without snapshots with the last two.
    diagnostics : dict
        Numbers of the `equilibration` table.
    """

    run: int
    positions: np.ndarray
    diameter: np.ndarray
    species: np.ndarray
    box: np.ndarray
    status: str = "ok"
    diagnostics: dict = field(default_factory=dict)


class _MolecularRun:
    """Canonical molecular dynamics at one temperature."""

    def __init__(self, landscape, positions, velocities, temperature, time_step, rng):
        self._dynamics = MolecularDynamics(landscape, positions, velocities, time_step, rng)
        self._temperature = temperature
        self.tick = float(time_step)
        self.diameter = landscape.diameter

    def advance(self, ticks):
        self._dynamics.run(ticks, self._temperature)
        return self._dynamics.potential_energy()

    @property
    def positions(self):
        return self._dynamics.positions

    @property
    def arrays(self):
        return {"positions": self._dynamics.positions, "velocities": self._dynamics.velocity}

    diagnostics = {"translation_acceptance": np.nan, "swap_acceptance": np.nan}


class _SwapRun:
    """Swap Monte Carlo at one temperature."""

    tick = 1.0

    def __init__(self, chain, moves):
        self._chain = chain
        chain.moves = moves

    def advance(self, ticks):
        self._chain.run(ticks)
        return self._chain.energy

    @property
    def positions(self):
        return self._chain.positions

    @property
    def diameter(self):
        return self._chain.diameter

    @property
    def arrays(self):
        return {
            "positions": self._chain.positions,
            "diameter": self._chain.diameter,
            "moves": np.array(self._chain.moves.counts),
        }

    @property
    def diagnostics(self):
        return {
            "translation_acceptance": self._chain.moves.translation_acceptance,
            "swap_acceptance": self._chain.moves.swap_acceptance,
        }


def push_apart(landscape, positions) -> np.ndarray:
    """Random positions without their overlaps, a start for dynamics, shape=(N, d)."""
    apart, *_ = fire(
        landscape, positions, force_tolerance=PUSH_OFF_FORCE, max_iterations=PUSH_OFF_STEPS
    )
    return apart


def _begin(model, particles, settings, stream):
    """Arrays of a run at its start: random positions pushed apart, and velocities."""
    species, diameter = model.mixture(particles, stream)
    box = model.box(particles)
    start = stream.random((particles, model.dimension)) * box
    positions = push_apart(Landscape(model, box, species, diameter), start)
    arrays = {"species": species, "positions": positions, "diameter": diameter}
    if settings["dynamics"] == "molecular":
        temperature = settings["parent_temperature"]
        arrays["velocities"] = maxwell_velocities(particles, model.dimension, temperature, stream)
    else:
        arrays["moves"] = np.array(Moves().counts)
    return arrays


def _dynamics_of(model, settings, arrays, stream):
    landscape = Landscape(
        model, model.box(len(arrays["species"])), arrays["species"], arrays["diameter"]
    )
    temperature = float(settings["parent_temperature"])
    if settings["dynamics"] == "molecular":
        return _MolecularRun(
            *(landscape, arrays["positions"], arrays["velocities"], temperature),
            *(settings["time_step"], stream),
        )
    chain = SwapMonteCarlo(
        *(landscape, arrays["positions"], temperature, stream),
        translation_step=settings["translation_step"],
        swap_fraction=settings["swap_fraction"],
        swap_window=settings["swap_window"],
    )
    return _SwapRun(chain, Moves(*map(int, arrays["moves"])))


def overlap(moved, distance) -> float:
    """Share of particles that have moved less than a distance, the mean displacement removed.

    Parameters
    ----------
    moved : ndarray, shape=(N, d)
    distance : float
    """
    moved = moved - moved.mean(axis=0)
    return float(((moved**2).sum(axis=1) < distance**2).mean())


def decay_time(times, overlaps) -> float:
    """Time at which an overlap falls below 1/e, by linear interpolation; infinite if it does not.

    Parameters
    ----------
    times, overlaps : sequence of float
        From time zero, at which the overlap is one.
    """
    below = np.flatnonzero(np.asarray(overlaps) < np.exp(-1.0))
    if len(below) == 0:
        return np.inf
    k = below[0]
    share = (overlaps[k - 1] - np.exp(-1.0)) / (overlaps[k - 1] - overlaps[k])
    return float(times[k - 1] + share * (times[k] - times[k - 1]))


def energy_drift(energies) -> tuple[float, float]:
    """Change of an energy along its straight-line fit, and the fluctuation about that line."""
    energies = np.asarray(energies, dtype=float)
    steps = np.arange(len(energies))
    slope, offset = np.polyfit(steps, energies, 1)
    rest = energies - (slope * steps + offset)
    return float(slope * len(energies)), float(rest.std(ddof=2)) or 1.0


def largest_drift(duration, memory) -> float:
    """Change of an equilibrated liquid's energy along a line, in fluctuations, at most.

    Parameters
    ----------
    duration : float
        That the line spans.
    memory : float
        Time between independent energies.
    """
    return LARGEST_DRIFT * float(np.sqrt(12.0 * memory / duration))


class _Course:
    """A run on its way through its phases; everything that it holds goes to disk and back."""

    def __init__(self, model, ensemble, run, seed):
        self.model = model
        self.settings = {
            "parent_temperature": model.parent_temperature,
            "equilibration": model.equilibration,
            "time_step": model.time_step,
            "spacing": SPACING,
            "translation_step": TRANSLATION_STEP,
            "swap_fraction": SWAP_FRACTION,
            "swap_window": SWAP_WINDOW,
            **ensemble.preparation,
        }
        self.wanted = ensemble.snapshots_of(run)
        self.run = run
        stream = random_stream(seed, ensemble.name, run, "liquid")
        arrays = _begin(model, ensemble.particles, self.settings, stream)
        self.species = arrays["species"]
        self.mean_diameter = float(arrays["diameter"].mean())
        self.dynamics = _dynamics_of(model, self.settings, arrays, stream)
        self.stream = stream
        self.origin = self.dynamics.positions.copy()
        self.series = {
            # after every leg until the sampling; overlaps since the origin
            **{"energies": [], "overlaps": [1.0]},
            # times of finished decays, and legs that had passed at their starts
            **{"decays": [], "starts": []},
            # of the snapshots: energies, overlaps and correlations with the one before
            **{"snapshot_energies": [], "snapshot_overlaps": [], "snapshot_correlations": []},
            # mean-squared displacement of the least equilibration
            "displacement": [],
        }
        self.positions, self.diameters = [], []
        leg = float(self.settings["equilibration"]) / LEGS
        self.leg = max(1, round(leg / self.dynamics.tick))

    # --- on disk ---

    def save(self, path, attributes):
        with create_file(path, attributes) as file:
            file.attrs["stream"] = json.dumps(self.stream.bit_generator.state)
            for name, values in self.dynamics.arrays.items():
                file[f"state/{name}"] = values
            file["origin"] = self.origin
            for name, values in self.series.items():
                file[f"series/{name}"] = np.array(values, dtype=float)
            for s, (positions, diameter) in enumerate(
                zip(self.positions, self.diameters, strict=True)
            ):
                file[f"snapshots/{s:06d}/positions"] = positions
                file[f"snapshots/{s:06d}/diameter"] = diameter

    def restore(self, path):
        with open_file(path, ["state", "series/starts", "origin"]) as file:
            self.stream.bit_generator.state = json.loads(file.attrs["stream"])
            arrays = {name: values[...] for name, values in file["state"].items()}
            arrays = {"species": self.species, "diameter": self.dynamics.diameter, **arrays}
            self.dynamics = _dynamics_of(self.model, self.settings, arrays, self.stream)
            self.origin = file["origin"][...]
            self.series = {name: list(values[...]) for name, values in file["series"].items()}
            stored = file.get("snapshots", {})
            self.positions = [stored[name]["positions"][...] for name in sorted(stored)]
            self.diameters = [stored[name]["diameter"][...] for name in sorted(stored)]

    # --- phases ---

    @property
    def is_finished(self):
        return len(self.positions) == self.wanted

    def advance(self):
        """One leg."""
        if len(self.series["energies"]) < LEGS:
            self._equilibrate()
        elif not self._is_decorrelated:
            self._decorrelate()
        else:
            self._sample()

    def _moved(self):
        moved = self.dynamics.positions - self.origin
        return moved - moved.mean(axis=0)

    def _equilibrate(self):
        self.series["energies"].append(self.dynamics.advance(self.leg) / len(self.species))
        if len(self.series["energies"]) == LEGS:
            square = (self._moved() ** 2).sum(axis=1).mean()
            self.series["displacement"].append(square / self.mean_diameter**2)
            self.origin = self.dynamics.positions.copy()

    @property
    def _is_decorrelated(self):
        """Whether the decays tell the decorrelation time, or never will."""
        decays = self.series["decays"]
        if not decays or np.isinf(decays[-1]) or len(decays) == MOST_DECAYS:
            return bool(decays)
        return len(decays) >= DECAYS and self._has_lasted

    def _decorrelate(self):
        overlaps = self.series["overlaps"]
        if len(overlaps) == 1:
            self.series["starts"].append(len(self.series["energies"]))
        self.series["energies"].append(self.dynamics.advance(self.leg) / len(self.species))
        overlaps.append(overlap(self._moved(), OVERLAP_DISTANCE * self.mean_diameter))
        if overlaps[-1] < np.exp(-1.0) or len(overlaps) > LEGS:
            times = np.arange(len(overlaps)) * self.leg * self.dynamics.tick
            self.series["decays"].append(decay_time(times, overlaps))
            self.series["overlaps"] = [1.0]
            self.origin = self.dynamics.positions.copy()

    @property
    def decorrelation_time(self):
        return float(np.mean(self.series["decays"][-DECAYS:]))

    @property
    def equilibration_legs(self):
        """Legs before the decays that are averaged."""
        finished = len(self.series["decays"])
        return int(self.series["starts"][max(0, finished - DECAYS)]) if finished else LEGS

    @property
    def equilibration(self):
        """Time before the decays that are averaged."""
        return self.equilibration_legs * self.leg * self.dynamics.tick

    @property
    def _has_lasted(self):
        return self.equilibration >= FEWEST_DECORRELATIONS * self.decorrelation_time

    @property
    def spacing(self):
        """Ticks between snapshots; what a decay could not show is taken as long as a phase."""
        longest = LEGS * self.leg * self.dynamics.tick
        time = min(self.decorrelation_time, longest)
        return int(np.ceil(self.settings["spacing"] * time / self.dynamics.tick))

    def _sample(self):
        energy = self.dynamics.advance(self.spacing)
        self.series["snapshot_energies"].append(energy / len(self.species))
        self.series["snapshot_overlaps"].append(
            overlap(self._moved(), OVERLAP_DISTANCE * self.mean_diameter)
        )
        diameter = self.dynamics.diameter.copy()
        if self.diameters and self.settings["dynamics"] == "swap":
            correlation = np.corrcoef(diameter, self.diameters[-1])[0, 1]
            self.series["snapshot_correlations"].append(correlation)
        self.origin = self.dynamics.positions.copy()
        self.positions.append(self.origin)
        self.diameters.append(diameter)

    # --- results ---

    def liquid(self):
        """What came of the run."""
        n, d = self.origin.shape
        legs = self.equilibration_legs
        drift, fluctuation = energy_drift(self.series["energies"][legs // 2 : legs])
        energies = self.series["snapshot_energies"]
        diagnostics = {
            "temperature": float(self.settings["parent_temperature"]),
            "equilibration": self.equilibration,
            "decorrelation_time": self.decorrelation_time,
            "spacing": self.spacing * self.dynamics.tick,
            "energy": float(np.mean(energies)),
            "energy_deviation": float(np.std(energies)),
            "energy_drift": drift / fluctuation,
            "mean_squared_displacement": self.series["displacement"][0],
            "snapshot_overlap": float(np.mean(self.series["snapshot_overlaps"])),
            "diameter_correlation": float(
                np.mean(self.series["snapshot_correlations"] or [np.nan])
            ),
            **self.dynamics.diagnostics,
        }
        # no finer than the legs whose energies are known
        memory = max(self.decorrelation_time, self.leg * self.dynamics.tick)
        if self.settings["dynamics"] == "molecular":
            memory = max(memory, ENERGY_MEMORY)
        equilibrated = self._has_lasted and abs(diagnostics["energy_drift"]) <= largest_drift(
            0.5 * self.equilibration, memory
        )
        return Liquid(
            run=self.run,
            positions=np.stack(self.positions),
            diameter=np.stack(self.diameters),
            species=self.species,
            box=self.model.box(n),
            status="ok" if equilibrated else "not_equilibrated",
            diagnostics=diagnostics,
        )

    def failed(self, status):
        """What is left of a run that cannot go on: no snapshots."""
        n, d = self.origin.shape
        return Liquid(
            run=self.run,
            positions=np.empty((0, n, d)),
            diameter=np.empty((0, n)),
            species=self.species,
            box=self.model.box(n),
            status=status,
            diagnostics={
                "temperature": float(self.settings["parent_temperature"]),
                "equilibration": self.equilibration,
            },
        )


def equilibrate_liquid(
    model: GlassModel, ensemble: Ensemble, run: int, seed: int, *, state=None, attributes=None
) -> Liquid:
    """One run of an ensemble of the protocol `equilibrium`.

    Parameters
    ----------
    model : GlassModel
    ensemble : Ensemble
    run : int
        Index within the ensemble.
    seed : int
        Of the campaign.
    state : path, optional
        File that the run keeps its state in, and from which it goes on where it is there.
    attributes : mapping, optional
        Provenance of that file.

    Returns
    -------
    Liquid
        Nothing is raised for a run that goes wrong: its status says so, and its samples follow it.
    """
    course = _Course(model, ensemble, run, seed)
    if state is not None and Path(state).is_file():
        course.restore(state)
    saved = time.monotonic()
    try:
        while not course.is_finished:
            course.advance()
            if state is not None and time.monotonic() - saved > STATE_INTERVAL:
                course.save(state, attributes or {})
                saved = time.monotonic()
    except (MolecularDynamicsError, SwapError) as error:
        _log.warning("%s run %d: %s", ensemble.name, run, error)
        return course.failed("nan" if "finite" in str(error) else "failed")
    return course.liquid()


def liquid_record(liquid: Liquid, ensemble: Ensemble) -> dict:
    """Row of the `equilibration` table, without its ensemble and sample."""
    unknown = dict.fromkeys(
        (
            *("decorrelation_time", "spacing", "energy", "energy_deviation", "energy_drift"),
            *("mean_squared_displacement", "snapshot_overlap", "diameter_correlation"),
            *("translation_acceptance", "swap_acceptance"),
        ),
        np.nan,
    )
    return {
        "run": liquid.run,
        "dynamics": ensemble.preparation["dynamics"],
        **unknown,
        **liquid.diagnostics,
        "snapshots": len(liquid.positions),
        "status": liquid.status,
    }


_LIQUID_DATASETS = ("positions", "diameter", "species", "box")


def write_liquid(path, liquid: Liquid, model, attributes) -> None:
    """Write one run (`liquids/rNNNN.h5`)."""
    with create_file(path, attributes) as file:
        file.attrs["model"] = model.name
        file.attrs["potential"] = model.potential_json()
        file.attrs["run"] = liquid.run
        file.attrs["status"] = liquid.status
        for name in _LIQUID_DATASETS:
            file[name] = getattr(liquid, name)
        group: h5py.Group = file.create_group("diagnostics")
        for name, value in liquid.diagnostics.items():
            group.attrs[name] = value


def read_liquid(path, snapshots=slice(None)) -> Liquid:
    """Read one run, or some of its snapshots.

    Raises
    ------
    StorageError
        As :func:`glassmodes.data.storage.open_file`.
    """
    with open_file(path, (*_LIQUID_DATASETS, "diagnostics")) as file:
        return Liquid(
            run=int(file.attrs["run"]),
            positions=file["positions"][snapshots],
            diameter=file["diameter"][snapshots],
            species=file["species"][...],
            box=file["box"][...],
            status=str(file.attrs["status"]),
            diagnostics={name: float(v) for name, v in file["diagnostics"].attrs.items()},
        )

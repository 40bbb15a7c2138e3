"""Equilibrium liquids: runs of many snapshots, separated by measured decorrelation times.

A run starts from random positions, whose overlaps are pushed apart, and has three phases.

equilibration
    A time of at least `equilibration`, divided into legs of equal length. Only the energies at the
    ends of the legs are kept.
decorrelation
    The overlap with the configuration at the start of the phase,

        q(t) = (1/N) sum_i theta(a - |r_i(t) - r_i(0)|),    a = 0.3 mean diameters,

    with the motion of the centre of mass removed, is followed until it falls below 1/e. The time
    that this takes is the decorrelation time, averaged over three such decays one after another.
    The time before these decays must be at least five decorrelation times. As long as it is not,
    the first decay is counted as equilibration and another one follows.
sampling
    Snapshots are taken at intervals of `spacing` decorrelation times.

With `dynamics: molecular` the liquid is simulated by canonical molecular dynamics, and times are
in units of the model. With `dynamics: swap` it is simulated by swap Monte Carlo, and times are in
sweeps, one attempted move of each particle. A run counts as equilibrated if every decay was
observed, the equilibration lasted for five decorrelation times, and the energy in the last half of
the equilibration does not drift by more than three standard errors. By chance, a straight line
through n independent values with standard deviation s changes by s sqrt(12 / n). Energies are
independent after a decorrelation time, in molecular dynamics only once the thermostat has also
exchanged them (:data:`ENERGY_MEMORY`).

Sample s of an ensemble is snapshot s % snapshots of run s // snapshots. Each leg depends on the
state at the end of the leg before alone, so a run that was killed continues from its stored state
to the same bits.
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
"""Number of legs of the shortest equilibration, and largest number of legs of a decay."""

OVERLAP_DISTANCE = 0.3
"""Displacement, in mean diameters, below which a particle contributes to the overlap."""

DECAYS = 3
"""Number of decays of the overlap over which the decorrelation time is averaged."""

MOST_DECAYS = 12
"""Largest number of decays of a run; eight are enough if all of them take equally long."""

FEWEST_DECORRELATIONS = 5.0
"""Shortest equilibration, in decorrelation times."""

LARGEST_DRIFT = 3.0
"""Largest drift of the energy of an equilibrated liquid, in standard errors."""

ENERGY_MEMORY = 4.0 * THERMOSTAT_TIME
"""Time between independent energies in molecular dynamics. The thermostat acts on the kinetic
energy, which is half of the heat capacity, so the total energy relaxes in twice the time of the
thermostat; independent values are two relaxation times apart.
"""

PUSH_OFF_FORCE, PUSH_OFF_STEPS = 1.0, 300
"""Bound on the largest force, and largest number of force evaluations, of the minimisation by FIRE
that removes the overlaps of a random start.
"""

SPACING = 2.0
"""Decorrelation times between two snapshots, if a campaign does not set `spacing`."""

STATE_INTERVAL = 60.0
"""Seconds after which the state of a run is written to disk."""

_log = logging.getLogger(__name__)


@dataclass
class Liquid:
    """Snapshots of one equilibrium run.

    Attributes
    ----------
    run : int
        Index of the run within its ensemble.
    positions : ndarray, shape=(S, N, d)
        Unwrapped positions of S snapshots.
    diameter : ndarray, shape=(S, N)
        Diameter of each particle in each snapshot.
    species : ndarray, shape=(N,), dtype=int
        Species of each particle, from 0.
    box : ndarray, shape=(d,)
        Edge lengths of the box.
    status : str
        "ok", "not_equilibrated", "failed" or "nan"; the last two have no snapshots.
    diagnostics : dict
        Columns of the table `equilibration`.
    """

    run: int
    positions: np.ndarray
    diameter: np.ndarray
    species: np.ndarray
    box: np.ndarray
    status: str = "ok"
    diagnostics: dict = field(default_factory=dict)


class _MolecularRun:
    """A liquid under canonical molecular dynamics at one temperature; one tick is a time step."""

    def __init__(self, landscape, positions, velocities, temperature, time_step, rng):
        self._dynamics = MolecularDynamics(landscape, positions, velocities, time_step, rng)
        self._temperature = temperature
        self.tick = float(time_step)
        self.diameter = landscape.diameter

    def advance(self, ticks):
        """Simulate a number of ticks; returns the total potential energy."""
        self._dynamics.run(ticks, self._temperature)
        return self._dynamics.potential_energy()

    @property
    def positions(self):
        """Unwrapped positions, shape=(N, d)."""
        return self._dynamics.positions

    @property
    def arrays(self):
        """Arrays from which the simulation can continue, by name."""
        return {"positions": self._dynamics.positions, "velocities": self._dynamics.velocity}

    diagnostics = {"translation_acceptance": np.nan, "swap_acceptance": np.nan}


class _SwapRun:
    """A liquid under swap Monte Carlo at one temperature; one tick is a sweep."""

    tick = 1.0

    def __init__(self, chain, moves):
        self._chain = chain
        chain.moves = moves

    def advance(self, ticks):
        """Simulate a number of ticks; returns the total potential energy."""
        self._chain.run(ticks)
        return self._chain.energy

    @property
    def positions(self):
        """Unwrapped positions, shape=(N, d)."""
        return self._chain.positions

    @property
    def diameter(self):
        """Diameter of each particle, shape=(N,)."""
        return self._chain.diameter

    @property
    def arrays(self):
        """Arrays from which the simulation can continue, by name."""
        return {
            "positions": self._chain.positions,
            "diameter": self._chain.diameter,
            "moves": np.array(self._chain.moves.counts),
        }

    @property
    def diagnostics(self):
        """Fractions of accepted moves, by kind."""
        return {
            "translation_acceptance": self._chain.moves.translation_acceptance,
            "swap_acceptance": self._chain.moves.swap_acceptance,
        }


def push_apart(landscape, positions) -> np.ndarray:
    """Random positions with their overlaps removed, as a start for dynamics, shape=(N, d).

    Parameters
    ----------
    landscape : Landscape
        Energy of the sample.
    positions : ndarray, shape=(N, d)
    """
    apart, *_ = fire(
        landscape, positions, force_tolerance=PUSH_OFF_FORCE, max_iterations=PUSH_OFF_STEPS
    )
    return apart


def _begin(model, particles, settings, stream):
    """Initial arrays of a run: random positions without overlaps, diameters, and velocities."""
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
    """Simulation that continues from the arrays of a run."""
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
    """Fraction of particles that have moved by less than a distance, a uniform translation removed.

    Parameters
    ----------
    moved : ndarray, shape=(N, d)
        Displacement of each particle.
    distance : float
        Distance, in units of length.
    """
    moved = moved - moved.mean(axis=0)
    return float(((moved**2).sum(axis=1) < distance**2).mean())


def decay_time(times, overlaps) -> float:
    """Time at which an overlap falls below 1/e, by linear interpolation.

    Parameters
    ----------
    times, overlaps : sequence of float
        Times from 0, and the overlap at each of them; 1 at time 0.

    Returns
    -------
    float
        Infinity if the overlap does not fall below 1/e.
    """
    below = np.flatnonzero(np.asarray(overlaps) < np.exp(-1.0))
    if len(below) == 0:
        return np.inf
    k = below[0]
    share = (overlaps[k - 1] - np.exp(-1.0)) / (overlaps[k - 1] - overlaps[k])
    return float(times[k - 1] + share * (times[k] - times[k - 1]))


def energy_drift(energies) -> tuple[float, float]:
    """Change of an energy along a straight-line fit, and standard deviation from that line.

    Parameters
    ----------
    energies : array_like, shape=(n,)
        Energies at equal intervals.

    Returns
    -------
    drift, fluctuation : float
        In units of the energies; the fluctuation is 1 if the energies lie on the line.
    """
    energies = np.asarray(energies, dtype=float)
    steps = np.arange(len(energies))
    slope, offset = np.polyfit(steps, energies, 1)
    rest = energies - (slope * steps + offset)
    return float(slope * len(energies)), float(rest.std(ddof=2)) or 1.0


def largest_drift(duration, memory) -> float:
    """Largest drift of the energy of an equilibrated liquid, in units of its fluctuation.

    Parameters
    ----------
    duration : float
        Time that the straight-line fit spans.
    memory : float
        Time between independent energies.
    """
    return LARGEST_DRIFT * float(np.sqrt(12.0 * memory / duration))


class _Course:
    """State of a run on its way through the three phases; all of it can be stored on disk."""

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
            # energies per particle after each leg before sampling; overlaps of the present decay
            **{"energies": [], "overlaps": [1.0]},
            # durations of finished decays, and number of legs before each decay
            **{"decays": [], "starts": []},
            # energy per particle of each snapshot; its overlap, and the correlation of its
            # diameters, with the snapshot before
            **{"snapshot_energies": [], "snapshot_overlaps": [], "snapshot_correlations": []},
            # mean-squared displacement during the shortest equilibration, in mean diameters
            "displacement": [],
        }
        self.positions, self.diameters = [], []
        leg = float(self.settings["equilibration"]) / LEGS
        self.leg = max(1, round(leg / self.dynamics.tick))

    # --- on disk ---

    def save(self, path, attributes):
        """Write the state of the run to a file."""
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
        """Continue from the state in a file."""
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
        """Whether all snapshots have been taken."""
        return len(self.positions) == self.wanted

    def advance(self):
        """Simulate one leg, or up to the next snapshot."""
        if len(self.series["energies"]) < LEGS:
            self._equilibrate()
        elif not self._is_decorrelated:
            self._decorrelate()
        else:
            self._sample()

    def _moved(self):
        """Displacements since the origin of the present phase, a uniform translation removed."""
        moved = self.dynamics.positions - self.origin
        return moved - moved.mean(axis=0)

    def _equilibrate(self):
        """Simulate one leg of the shortest equilibration."""
        self.series["energies"].append(self.dynamics.advance(self.leg) / len(self.species))
        if len(self.series["energies"]) == LEGS:
            square = (self._moved() ** 2).sum(axis=1).mean()
            self.series["displacement"].append(square / self.mean_diameter**2)
            self.origin = self.dynamics.positions.copy()

    @property
    def _is_decorrelated(self):
        """Whether the decorrelation time is known, or cannot be measured in this run."""
        decays = self.series["decays"]
        if not decays or np.isinf(decays[-1]) or len(decays) == MOST_DECAYS:
            return bool(decays)
        return len(decays) >= DECAYS and self._has_lasted

    def _decorrelate(self):
        """Simulate one leg of a decay of the overlap."""
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
        """Mean duration of the last three decays; infinite if one was not observed."""
        return float(np.mean(self.series["decays"][-DECAYS:]))

    @property
    def equilibration_legs(self):
        """Number of legs before the decays that are averaged."""
        finished = len(self.series["decays"])
        return int(self.series["starts"][max(0, finished - DECAYS)]) if finished else LEGS

    @property
    def equilibration(self):
        """Time before the decays that are averaged."""
        return self.equilibration_legs * self.leg * self.dynamics.tick

    @property
    def _has_lasted(self):
        """Whether the equilibration has lasted for five decorrelation times."""
        return self.equilibration >= FEWEST_DECORRELATIONS * self.decorrelation_time

    @property
    def spacing(self):
        """Ticks between snapshots. A decay that was not observed counts as long as a phase."""
        longest = LEGS * self.leg * self.dynamics.tick
        time = min(self.decorrelation_time, longest)
        return int(np.ceil(self.settings["spacing"] * time / self.dynamics.tick))

    def _sample(self):
        """Simulate up to the next snapshot and take it."""
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
        """Snapshots, diagnostics and status of the finished run."""
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
        # energies are known at the ends of legs only
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
        """Result of a run that cannot continue: a status and no snapshots."""
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
    """Simulate one equilibrium run of an ensemble with the protocol `equilibrium`.

    Parameters
    ----------
    model : GlassModel
        Model of the ensemble.
    ensemble : Ensemble
        Ensemble with its preparation.
    run : int
        Index of the run within the ensemble.
    seed : int
        Seed of the campaign.
    state : path, optional
        File in which the state of the run is stored; if it exists, the run continues from it.
    attributes : mapping, optional
        Attributes of that file.

    Returns
    -------
    Liquid
        A run that fails raises no exception; its status says so and is that of all its samples.
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
    """Row of the table `equilibration` for one run, without the columns ensemble and sample.

    Parameters
    ----------
    liquid : Liquid
    ensemble : Ensemble

    Returns
    -------
    dict
    """
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
    """Write one run to a file, `liquids/rNNNN.h5`.

    Parameters
    ----------
    path : path
    liquid : Liquid
    model : GlassModel
    attributes : mapping
        Attributes of the file (:func:`glassmodes.data.storage.provenance`).
    """
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
    """Read one run, or some of its snapshots, from a file.

    Parameters
    ----------
    path : path
    snapshots : slice
        Snapshots to read; all by default.

    Raises
    ------
    StorageError
        If the file cannot be read or lacks a dataset (:func:`glassmodes.data.storage.open_file`).
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

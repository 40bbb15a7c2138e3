"""Dynamics of a glass at a temperature: thermalisation (NVT), then Newton's equations (NVE).

A run starts at an inherent structure with velocities of twice the temperature and is coupled to a
Langevin thermostat for the time `equilibration`. It is then given the total energy

    E - U_IS = d (N - 1) T

with U_IS the energy of the inherent structure. In the harmonic limit the mean kinetic temperature
is then exactly T, whereas the energy of a canonical snapshot would fluctuate by sqrt(2/(3N)) of
the kinetic temperature. A short NVE stage measures the deviation that anharmonicity causes; it is
corrected if it exceeds the statistical error.

Frames are written to files with a fixed number of frames each, called chunks, in the folder
`<trajectory>.partial/`. LAMMPS starts anew for each chunk from the last frame of the one before. A
run that was killed therefore continues after its last complete chunk and gives, on the same number
of ranks, the same bits.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mpi4py import MPI

from glassmodes.data.resume import exists, load_arrays, save_arrays
from glassmodes.data.storage import Glass
from glassmodes.landscape import Landscape, Quencher
from glassmodes.models import GlassModel
from glassmodes.simulation.session import (
    LammpsSession,
    SessionError,
    thermostat_seed,
)

CHUNK_BYTES = 64 * 2**20
"""Size of a chunk of frames in bytes; a killed run loses no more than that."""

CHUNK_FRAMES = (16, 1000)
"""Smallest and largest number of frames in a chunk."""

_log = logging.getLogger(__name__)


class DynamicsError(ValueError):
    """The settings of a run are inconsistent; the message names the setting and its value."""


@dataclass(frozen=True)
class RunSettings:
    """Settings of a run at one temperature; all times in units of the model.

    Attributes
    ----------
    temperature : float
        Temperature of the run.
    equilibration : float
        Time under the thermostat. The temperature is then measured for half of this time.
    duration : float
        Time from the first to the last frame.
    interval : float
        Time between two frames, a multiple of the time step.
    time_step : float
        Time step.
    structure_checks : int
        Number of frames whose inherent structure is compared with the initial one, evenly spaced
        from the first to the last frame; 0 for none.

    Raises
    ------
    DynamicsError
        If a setting is out of range.
    """

    temperature: float
    equilibration: float
    duration: float
    interval: float
    time_step: float
    structure_checks: int = 12

    def __post_init__(self):
        for name in ("temperature", "duration", "interval", "time_step"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise DynamicsError(f"{name}: {value} must be positive")
        if not (np.isfinite(self.equilibration) and self.equilibration >= 0):
            raise DynamicsError(f"equilibration: {self.equilibration} must not be negative")
        if self.structure_checks < 0:
            raise DynamicsError(f"structure_checks: {self.structure_checks} must not be negative")
        if abs(self.stride * self.time_step - self.interval) > 1e-9 * self.interval:
            raise DynamicsError(
                f"interval: {self.interval} is not a multiple of the time step {self.time_step}"
            )
        if self.frames < 2:
            raise DynamicsError(f"duration: {self.duration} is shorter than one interval")

    @property
    def stride(self) -> int:
        """Number of steps between two frames."""
        return max(1, round(self.interval / self.time_step))

    @property
    def frames(self) -> int:
        """Number of frames of the trajectory, including the one at time 0."""
        return int(np.floor(self.duration / self.interval + 1e-9)) + 1

    @property
    def damping(self) -> float:
        """Damping time of the thermostat: 200 steps, about one unit of time."""
        return 200.0 * self.time_step

    @property
    def skin(self) -> float:
        """Skin of the neighbour list; small in a cold solid, where particles move little."""
        return 0.15 if self.temperature < 2e-3 else 0.3


def chunk_frames(particles: int, dimension: int) -> int:
    """Number of frames in a chunk, which depends on the size of the system alone."""
    fewest, most = CHUNK_FRAMES
    return int(np.clip(CHUNK_BYTES // (16 * particles * dimension), fewest, most))


def run_nve(
    model: GlassModel,
    glass: Glass,
    settings: RunSettings,
    partial: str | Path,
    *,
    seed: int,
    communicator=None,
    log=None,
) -> None:
    """Run one sample at one temperature and write its frames in chunks; continue what was begun.

    Parameters
    ----------
    model : GlassModel
        Model of the sample.
    glass : Glass
        Inherent structure of the sample.
    settings : RunSettings
        Settings of the run.
    partial : path
        Folder of the chunks; chunks that it contains already are kept.
    seed : int
        Seed of the initial velocities and of the thermostat
        (:func:`glassmodes.randomness.lammps_seed`).
    communicator : mpi4py.MPI.Comm, optional
        Ranks that share this sample, COMM_SELF by default.
    log : path, optional
        Log file of LAMMPS.

    Raises
    ------
    SessionError
        If LAMMPS stops.
    """
    communicator = MPI.COMM_SELF if communicator is None else communicator
    partial = Path(partial)
    run = NveRun(model, glass, settings, communicator, log)
    if communicator.rank == 0:
        partial.mkdir(parents=True, exist_ok=True)
    communicator.Barrier()
    start = partial / "start.npz"
    if not exists(start, communicator):
        positions, velocities = run.thermalise(seed)
        save_arrays(start, communicator, positions=positions, velocities=velocities)
    state = load_arrays(start, communicator, "positions", "velocities")
    per_chunk = chunk_frames(*glass.positions.shape)
    began, told = time.monotonic(), time.monotonic()
    for chunk, first in enumerate(range(0, settings.frames, per_chunk)):
        path = partial / _chunk_name(chunk)
        stop = min(first + per_chunk, settings.frames)
        if exists(path, communicator):
            state = None
            continue
        if state is None:
            previous = partial / _chunk_name(chunk - 1)
            state = [
                field[-1]
                for field in load_arrays(previous, communicator, "positions", "velocities")
            ]
        frames = run.frames(*state, count=stop - first, from_start=first == 0)
        frames["time"] = np.arange(first, stop) * settings.interval
        state = frames["positions"][-1], frames["velocities"][-1]
        save_arrays(path, communicator, **frames)
        if communicator.rank == 0 and time.monotonic() - told > 30:
            told = time.monotonic()
            _log.info(
                "sample %d, T = %g: frame %d of %d, %.0f s",
                *(glass.sample, settings.temperature, stop, settings.frames, told - began),
            )


class Frame(NamedTuple):
    """State of a run at one time.

    Attributes
    ----------
    positions, velocities : ndarray, shape=(N, d)
        Unwrapped positions, and velocities.
    potential_energy : float
        Total potential energy.
    temperature : float
        sum v^2 / (d N).
    """

    positions: np.ndarray
    velocities: np.ndarray
    potential_energy: float
    temperature: float


class NveRun:
    """Stages of one run in LAMMPS.

    Parameters
    ----------
    model : GlassModel
        Model of the sample.
    glass : Glass
        Inherent structure of the sample.
    settings : RunSettings
        Settings of the run.
    communicator : mpi4py.MPI.Comm
        Ranks that share this sample; all of them must call each method.
    log : path, optional
        Log file of LAMMPS.
    """

    def __init__(self, model, glass, settings, communicator, log):
        self.model, self.glass, self.settings = model, glass, settings
        self.communicator, self.log = communicator, log

    def _session(self, positions, velocities=None):
        """LAMMPS session with the sample at given positions and velocities."""
        glass = self.glass
        return LammpsSession(
            *(self.model, glass.box, glass.species, glass.diameter, positions, velocities),
            communicator=self.communicator,
            log=self.log,
            skin=self.settings.skin,
        )

    def thermalise(self, seed):
        """Positions and velocities, shape=(N, d), of a thermalised state without total momentum."""
        s = self.settings
        reference = self.glass.positions
        with self._session(reference) as session:
            session.run_input(
                "nvt.in",
                temperature=float(s.temperature),
                start=2.0 * s.temperature,
                seed=thermostat_seed(seed),
                time_step=float(s.time_step),
                damping=s.damping,
                steps=round(s.equilibration / s.time_step),
            )
            energy, _ = session.energy_and_forces()
            positions, velocities = session.positions(), session.velocities()
        # the thermostat displaces the centre of mass
        positions -= (positions - reference).mean(axis=0)
        n, d = positions.shape
        thermal = d * (n - 1) * s.temperature
        kinetic = thermal - (energy - self.glass.energy)
        if kinetic < 0.1 * thermal:
            # the glass is far from harmonic; the measurement below sets the temperature
            kinetic = 0.5 * thermal
        velocities = _with_kinetic_energy(velocities, kinetic)
        frames = max(20, round(0.5 * s.equilibration / s.interval))
        settled = self.frames(positions, velocities, count=frames, from_start=True)
        positions, velocities = settled["positions"][-1], settled["velocities"][-1]
        measured = settled["temperature"] * n / (n - 1)
        missing = s.temperature - measured.mean()
        if abs(missing) > 3.0 * standard_error(measured):
            kinetic = 0.5 * (velocities**2).sum()
            # half of the added energy becomes potential energy
            added = max(d * (n - 1) * missing, -0.5 * kinetic)
            velocities = _with_kinetic_energy(velocities, kinetic + added)
        return positions, velocities

    def follow(self, positions, velocities, *, count, from_start) -> Iterator[Frame]:
        """Generate the next frames, one after another.

        LAMMPS is set up anew, so that the frames depend on the initial state alone.

        Parameters
        ----------
        positions, velocities : ndarray, shape=(N, d)
            Initial state.
        count : int
            Number of frames.
        from_start : bool
            Whether the initial state is the first frame.

        Yields
        ------
        Frame
            On every rank of the run.

        Raises
        ------
        SessionError
            If LAMMPS stops, or a frame is not finite.
        """
        s = self.settings
        n, d = positions.shape
        with self._session(positions, velocities) as session:
            session.run_input("nve.in", time_step=float(s.time_step), every=s.stride, steps=0)
            session.command("log none")
            for frame in range(count):
                if frame or not from_start:
                    session.run(s.stride)
                    positions, velocities = session.positions(), session.velocities()
                energy = session.potential_energy()
                if not (np.isfinite(energy) and np.isfinite(positions).all()):
                    raise SessionError("the dynamics made NaN")
                yield Frame(positions, velocities, energy, (velocities**2).sum() / (d * n))

    def frames(self, positions, velocities, *, count, from_start) -> dict[str, np.ndarray]:
        """All frames of :meth:`follow`, with each field of :class:`Frame` as an array."""
        out = {
            "positions": np.empty((count, *positions.shape)),
            "velocities": np.empty((count, *positions.shape)),
            "potential_energy": np.empty(count),
            "temperature": np.empty(count),
        }
        found = self.follow(positions, velocities, count=count, from_start=from_start)
        for index, frame in enumerate(found):
            for name, values in zip(out, frame, strict=True):
                out[name][index] = values
        return out


def _with_kinetic_energy(velocities, kinetic):
    """Velocities rescaled to a kinetic energy, without total momentum."""
    velocities = velocities - velocities.mean(axis=0)
    return velocities * np.sqrt(kinetic / (0.5 * (velocities**2).sum()))


def standard_error(series, blocks=10) -> float:
    """Standard error of the mean of a correlated series, from the means of blocks.

    Parameters
    ----------
    series : array_like, shape=(F,)
        Values at equal intervals; those beyond whole blocks are left out.
    blocks : int
        Number of blocks, each much longer than the correlation time.
    """
    usable = len(series) // blocks * blocks
    means = np.asarray(series)[:usable].reshape(blocks, -1).mean(axis=1)
    return float(means.std(ddof=1) / np.sqrt(blocks))


def _chunk_name(chunk: int) -> str:
    """File name of a chunk of frames."""
    return f"c{chunk:06d}.npz"


def inherent_structure_changed(landscape: Landscape, frames, reference) -> tuple[bool, float]:
    """Whether any of several configurations belongs to another inherent structure than a given one.

    The criterion is that of :mod:`glassmodes.landscape.quench`. A configuration whose quench does
    not converge counts as changed.

    Parameters
    ----------
    landscape : Landscape
        Energy of the sample.
    frames : iterable of ndarray, shape=(N, d)
        Configurations, inside the box or not: displacements are taken to the nearest image.
    reference : ndarray, shape=(N, d)
        Initial inherent structure.

    Returns
    -------
    changed : bool
    distance : float
        Largest displacement of a particle between the reference and any of the inherent structures,
        in units of length, a uniform translation removed.
    """
    quencher = Quencher(landscape)
    start = quencher.remember(reference)
    changed, furthest = False, 0.0
    for positions in frames:
        quench = quencher.quench(positions)
        changed |= quench.structure != start
        moved = quencher.displacement(quench.positions, start)
        furthest = max(furthest, float(np.sqrt((moved**2).sum(axis=1).max())))
    return changed, furthest


def run_checks(settings: RunSettings, particles, dimension, energy, temperature, displacement):
    """Numbers that show whether a run is stationary and conserves energy.

    Parameters
    ----------
    settings : RunSettings
        Settings of the run.
    particles, dimension : int
        N and d.
    energy : ndarray, shape=(F,)
        Total energy of each frame.
    temperature : ndarray, shape=(F,)
        sum v^2 / (d N) of each frame.
    displacement : ndarray, shape=(F,)
        Mean-squared displacement of each frame from the first.

    Returns
    -------
    dict
        target_temperature; mean_temperature, over the d (N - 1) degrees of freedom;
        temperature_error, the standard error of that mean; energy_drift, the slope of the total
        energy in units of the thermal energy d (N - 1) T per unit time; energy_fluctuation, the
        standard deviation of the total energy in units of the thermal energy; msd_flatness, the
        mean-squared displacement in the last quarter over that in the second quarter, 1 in a solid.
    """
    thermal = dimension * (particles - 1) * settings.temperature
    kinetic = temperature * particles / (particles - 1)
    frames = len(energy)
    slope = np.polyfit(np.arange(frames) * settings.interval, energy - energy[0], 1)[0]
    early = displacement[frames // 4 : frames // 2]
    late = displacement[3 * frames // 4 :]
    return {
        "target_temperature": settings.temperature,
        "mean_temperature": float(kinetic.mean()),
        "temperature_error": standard_error(kinetic) if frames >= 20 else float("nan"),
        "energy_drift": float(slope / thermal),
        "energy_fluctuation": float(energy.std() / thermal),
        "msd_flatness": float(late.mean() / early.mean()) if len(early) else float("nan"),
    }


def collect_run(partial, model: GlassModel, glass: Glass, settings: RunSettings, group) -> dict:
    """Copy the chunks of a finished run into an HDF5 group, and check the run.

    Parameters
    ----------
    partial : path
        Folder that :func:`run_nve` filled.
    model : GlassModel
        Model of the sample.
    glass : Glass
        Inherent structure of the sample.
    settings : RunSettings
        Settings of the run.
    group : h5py.Group
        Receives `time` (F,), unwrapped `positions` (F, N, d), `velocities` (F, N, d), total
        `potential_energy` (F,), `temperature` (F,) as sum v^2 / (d N), and `box` (d,). The checks
        become its attributes.

    Returns
    -------
    dict
        Result of :func:`run_checks`, with rearranged (0 or 1) and structure_distance of
        :func:`inherent_structure_changed`; both are NaN if no structure was checked.
    """
    n, d = glass.positions.shape
    frames = settings.frames
    shapes = {
        "time": (frames,),
        "positions": (frames, n, d),
        "velocities": (frames, n, d),
        "potential_energy": (frames,),
        "temperature": (frames,),
    }
    out = {name: group.create_dataset(name, shape, dtype="f8") for name, shape in shapes.items()}
    group["box"] = glass.box
    energy, temperature = np.empty(frames), np.empty(frames)
    displacement = np.empty(frames)
    per_chunk = chunk_frames(n, d)
    origin = None
    for chunk, first in enumerate(range(0, frames, per_chunk)):
        with np.load(Path(partial) / _chunk_name(chunk)) as stored:
            data = {name: stored[name] for name in shapes}
        here = slice(first, first + len(data["time"]))
        for name, values in data.items():
            out[name][here] = values
        if origin is None:
            origin = data["positions"][0]
        kinetic = 0.5 * d * n * data["temperature"]
        energy[here] = data["potential_energy"] + kinetic
        temperature[here] = data["temperature"]
        displacement[here] = ((data["positions"] - origin) ** 2).sum(axis=(1, 2)) / n
    checks = run_checks(settings, n, d, energy, temperature, displacement)
    checks["rearranged"] = checks["structure_distance"] = float("nan")
    if settings.structure_checks:
        chosen = np.unique(np.linspace(0, frames - 1, settings.structure_checks).astype(int))
        changed, distance = inherent_structure_changed(
            Landscape.of_glass(model, glass),
            (out["positions"][frame] for frame in chosen),
            glass.positions,
        )
        checks["rearranged"], checks["structure_distance"] = float(changed), distance
    group.attrs.update(checks)
    return checks

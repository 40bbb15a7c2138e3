"""Dynamics of a glass: thermalisation (NVT), then Newton's equations (NVE), frame by frame.

A run starts at an inherent structure with velocities of twice the temperature, feels a Langevin
thermostat for `equilibration`, and is then given the total energy

    E - U_IS = d (N - 1) T

which in the harmonic limit makes the mean kinetic temperature T exactly, whereas the energy of a
canonical snapshot would be off by its fluctuation, sqrt(2/(3N)) of a kinetic temperature. A short
NVE stage measures what anharmonicity leaves, and corrects it if it is more than noise.

Frames go to files of their own, a fixed number in each, under `<trajectory>.partial/`; every such
chunk starts LAMMPS anew from the last frame of the one before. A run that was killed therefore
goes on from its last complete chunk and gives, on the same number of ranks, the same bits.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mpi4py import MPI

from glassmodes.data.resume import PartialFolder, exists, load_arrays, save_arrays
from glassmodes.data.storage import Glass, create_file, sample_group
from glassmodes.ensembles import Ensemble
from glassmodes.landscape import Landscape, Quencher
from glassmodes.models import GlassModel
from glassmodes.parallel import form_teams
from glassmodes.randomness import lammps_seed
from glassmodes.simulation.session import (
    LammpsSession,
    SessionError,
    pair_commands,
    thermostat_seed,
)

CHUNK_BYTES = 64 * 2**20
"""Size of a chunk of frames; what a killed run may lose."""

CHUNK_FRAMES = (16, 1000)
"""Fewest and most frames of a chunk."""

_log = logging.getLogger(__name__)


class DynamicsError(ValueError):
    """Settings of a run that make no sense; the message names the setting and its value."""


@dataclass(frozen=True)
class RunSettings:
    """What a run at one temperature is to do; times in reduced units.

    Attributes
    ----------
    temperature : float
    equilibration : float
        Time under the thermostat; half of it again is spent on measuring the temperature.
    duration : float
        Time from the first to the last frame.
    interval : float
        Between frames, a multiple of the time step.
    time_step : float
    structure_checks : int
        Frames whose inherent structure is compared with the start, evenly spaced from the first
        to the last; 0 for none.
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
        """Steps between frames."""
        return max(1, round(self.interval / self.time_step))

    @property
    def frames(self) -> int:
        """Frames of the trajectory, the one at time zero included."""
        return int(np.floor(self.duration / self.interval + 1e-9)) + 1

    @property
    def damping(self) -> float:
        """Damping time of the thermostat: 200 steps, about one unit."""
        return 200.0 * self.time_step

    @property
    def skin(self) -> float:
        """Skin of the neighbour list; in a cold solid nothing moves further than a small one."""
        return 0.15 if self.temperature < 2e-3 else 0.3


def chunk_frames(particles: int, dimension: int) -> int:
    """Frames in a chunk, which depend on the size of the system alone."""
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
    """Run one sample at one temperature, or what is left of it, into chunks of frames.

    Parameters
    ----------
    model : GlassModel
    glass : Glass
        Its inherent structure.
    settings : RunSettings
    partial : path
        Folder of the chunks; those that are there already are kept.
    seed : int
        Of the first velocities and the thermostat (:func:`glassmodes.randomness.lammps_seed`).
    communicator : mpi4py.MPI.Comm, optional
        Ranks that share this sample, COMM_SELF by default.
    log : path, optional
        Of LAMMPS.

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
    """One instant of a run.

    Attributes
    ----------
    positions, velocities : ndarray, shape=(N, d)
        Positions unwrapped.
    potential_energy : float
        Total.
    temperature : float
        sum v^2 / (d N).
    """

    positions: np.ndarray
    velocities: np.ndarray
    potential_energy: float
    temperature: float


class NveRun:
    """The stages of one run in LAMMPS.

    Parameters
    ----------
    model : GlassModel
    glass : Glass
        Its inherent structure.
    settings : RunSettings
    communicator : mpi4py.MPI.Comm
        Ranks that share this sample; every method is called on all of them.
    log : path, optional
        Of LAMMPS.
    """

    def __init__(self, model, glass, settings, communicator, log):
        self.model, self.glass, self.settings = model, glass, settings
        self.communicator, self.log = communicator, log

    def _session(self, positions, velocities=None):
        glass = self.glass
        return LammpsSession(
            *(self.model, glass.box, glass.species, glass.diameter, positions, velocities),
            communicator=self.communicator,
            log=self.log,
            skin=self.settings.skin,
        )

    def thermalise(self, seed):
        """Positions and velocities at the temperature, and at rest as a whole."""
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
        # the thermostat let the whole sample wander
        positions -= (positions - reference).mean(axis=0)
        n, d = positions.shape
        thermal = d * (n - 1) * s.temperature
        kinetic = thermal - (energy - self.glass.energy)
        if kinetic < 0.1 * thermal:
            # far from harmonic: leave it to the measurement below
            kinetic = 0.5 * thermal
        velocities = _with_kinetic_energy(velocities, kinetic)
        frames = max(20, round(0.5 * s.equilibration / s.interval))
        settled = self.frames(positions, velocities, count=frames, from_start=True)
        positions, velocities = settled["positions"][-1], settled["velocities"][-1]
        measured = settled["temperature"] * n / (n - 1)
        missing = s.temperature - measured.mean()
        if abs(missing) > 3.0 * standard_error(measured):
            kinetic = 0.5 * (velocities**2).sum()
            # half of what is added will go into potential energy
            added = max(d * (n - 1) * missing, -0.5 * kinetic)
            velocities = _with_kinetic_energy(velocities, kinetic + added)
        return positions, velocities

    def follow(self, positions, velocities, *, count, from_start) -> Iterator[Frame]:
        """The next frames, one by one; the first is the state itself if `from_start`.

        Every rank of the run takes every frame. LAMMPS is set up anew, so the frames depend on
        the state alone and not on what came before.

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
        """All frames of :meth:`follow` at once, each field of :class:`Frame` as an array."""
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
    velocities = velocities - velocities.mean(axis=0)
    return velocities * np.sqrt(kinetic / (0.5 * (velocities**2).sum()))


def standard_error(series, blocks=10) -> float:
    """Standard error of the mean of a correlated series, from block averages."""
    usable = len(series) // blocks * blocks
    means = np.asarray(series)[:usable].reshape(blocks, -1).mean(axis=1)
    return float(means.std(ddof=1) / np.sqrt(blocks))


def dependencies(model, glasses, settings, seed, ranks_per_sample) -> dict:
    """Everything that the bits of the runs depend on, this machine's compiler aside."""
    digest = hashlib.sha256()
    for glass in glasses:
        for field in (glass.positions, glass.box, glass.species, glass.diameter):
            digest.update(np.ascontiguousarray(field).tobytes())
    return {
        **asdict(settings),
        "seed": seed,
        "ranks_per_sample": ranks_per_sample,
        "potential": [c for c in pair_commands(model) if not c.startswith("plugin load")],
        "glasses": digest.hexdigest(),
    }


def _chunk_name(chunk: int) -> str:
    return f"c{chunk:06d}.npz"


def inherent_structure_changed(landscape: Landscape, frames, reference) -> tuple[bool, float]:
    """Whether any of some configurations belongs to another inherent structure.

    The criterion is that of :mod:`glassmodes.landscape.quench`. A frame whose quench does not
    converge counts as changed.

    Parameters
    ----------
    landscape : Landscape
    frames : iterable of ndarray, shape=(N, d)
        Unwrapped, or wrapped: displacements are taken to the nearest image.
    reference : ndarray, shape=(N, d)
        The inherent structure of the start.

    Returns
    -------
    changed : bool
    distance : float
        Largest displacement of a particle between an inherent structure and the reference, a
        uniform translation removed.
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
    """Numbers that say whether a run can be trusted.

    Parameters
    ----------
    settings : RunSettings
    particles, dimension : int
    energy : ndarray, shape=(F,)
        Total energy of the frames.
    temperature : ndarray, shape=(F,)
        sum v^2 / (d N).
    displacement : ndarray, shape=(F,)
        Mean-squared displacement from the first frame.

    Returns
    -------
    dict
        target_temperature; mean_temperature, of the d (N - 1) degrees of freedom;
        temperature_error (standard error of that mean); energy_drift (slope of the total energy
        per unit time over the thermal energy d (N - 1) T); energy_fluctuation (standard deviation
        over the same); msd_flatness (mean-squared displacement of the last quarter over that of
        the second quarter; one in a solid).
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
    """Copy the chunks of a finished run into an HDF5 group and check the run.

    Parameters
    ----------
    partial : path
        Folder that :func:`run_nve` filled.
    group : h5py.Group
        Receives `time` (F,), `positions` (F, N, d) unwrapped, `velocities` (F, N, d),
        `potential_energy` (F,) total, `temperature` (F,) as sum v^2 / (d N), `box` (d,); the
        checks become attributes.

    Returns
    -------
    dict
        :func:`run_checks`, with rearranged (0 or 1) and structure_distance, which are NaN where
        no structure was checked.
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


def run_bundle(
    path,
    model: GlassModel,
    ensemble: Ensemble,
    glasses: list[Glass],
    settings: RunSettings,
    *,
    seed: int,
    attributes: dict,
    ranks_per_sample: int = 1,
    communicator=None,
    log=None,
) -> list[dict] | None:
    """Trajectories of a bundle's samples at one temperature (`trajectories/bNNNN/T*.h5`).

    Samples whose status is not ok are left out; one that fails here gets a log line and no group.

    Parameters
    ----------
    path : path
        Trajectory file. What is unfinished lies in `<path>.partial/`, a folder for each sample.
    glasses : list of Glass
        Of this bundle, on every rank.
    seed : int
        Of the campaign.
    attributes : dict
        :func:`glassmodes.data.storage.provenance`.
    ranks_per_sample : int
        Ranks that share a sample, a choice of the campaign.

    Returns
    -------
    list of dict
        Rows of the table of checks (`sample`, `temperature`, `status`, and those of
        :func:`collect_run`), on the first rank; None elsewhere.
    """
    communicator = MPI.COMM_SELF if communicator is None else communicator
    path = Path(path)
    usable = {glass.sample: glass for glass in glasses if glass.is_usable}
    for glass in glasses:
        if communicator.rank == 0 and not glass.is_usable:
            _log.warning("%s sample %d: skipped, %s", ensemble.name, glass.sample, glass.status)
    team = form_teams(communicator, ranks_per_sample)
    partial = PartialFolder(
        path, dependencies(model, usable.values(), settings, seed, ranks_per_sample)
    )
    if communicator.rank == 0 and partial.open():
        _log.info("%s: going on with what is there in %s", ensemble.name, partial.folder)
    communicator.Barrier()
    failed = {}
    stage = f"dynamics T={settings.temperature!r}"
    for sample in team.share(sorted(usable)):
        try:
            run_nve(
                *(model, usable[sample], settings, partial.folder / sample_group(sample)),
                seed=lammps_seed(seed, ensemble.name, sample, stage),
                communicator=team.ranks,
                log=f"{log}.{team.index}" if log and team.count > 1 else log,
            )
        except SessionError as error:
            failed[sample] = str(error)
    team.ranks.Free()
    failures = {}
    for part in communicator.allgather(failed):
        failures.update(part)
    if communicator.rank != 0:
        return None
    rows = []
    with create_file(path, attributes) as file:
        file.attrs["temperature"] = settings.temperature
        for sample in sorted(usable):
            row = {"sample": sample, "temperature": settings.temperature, "status": "ok"}
            if sample in failures:
                row["status"] = "failed"
                _log.warning("%s sample %d: %s", ensemble.name, sample, failures[sample])
            else:
                group = file.create_group(sample_group(sample))
                row |= collect_run(
                    *(partial.folder / sample_group(sample), model, usable[sample], settings, group)
                )
                _log.info(
                    "%s sample %d, T = %g: %s", ensemble.name, sample, row["temperature"], row
                )
            rows.append(row)
    partial.remove()
    return rows

"""Inherent structures along a run at constant energy, and the rearrangements between them.

Each frame is quenched as soon as it is computed and is not stored. What is stored is a series of
indices into the list of distinct inherent structures (Mizuno, Tong, Ikeda and Mossa, Intermittent
rearrangements, 2020, section II.B).

A team of ranks shares a sample. A fixed number of its first ranks runs the dynamics; then all ranks
quench the frames of a batch, which are distributed over them in turn. A quench may recognise only
structures that were known before its batch, and the structures found in a batch get their indices
in the order of time. (The structure of the first frame is known from the start.) The series is
therefore the same on any number of ranks and after any number of restarts.

Whether two minima are the same inherent structure is decided by
:class:`glassmodes.landscape.quench.Quencher`: no particle may be displaced by more than its
`structure_tolerance`, apart from a uniform translation. An event is a frame whose inherent
structure differs from that of the frame before.

Several batches form a chunk, which is written to disk when it is complete, with the state from
which the dynamics continues. The positions of the distinct structures are in the files of the
chunks. The few structures that were visited last are kept in memory; another one is read when a
minimum with the same energy is found.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from mpi4py import MPI

from glassmodes.data.resume import exists, load_arrays, save_arrays
from glassmodes.data.storage import Glass
from glassmodes.landscape import Landscape
from glassmodes.landscape.quench import Quencher
from glassmodes.models import GlassModel
from glassmodes.models.sizes import known_structures
from glassmodes.simulation.dynamics import (
    NveRun,
    RunSettings,
    run_checks,
)
from glassmodes.simulation.session import SessionError
from glassmodes.transitions.rearrangements import describe, displacement

BATCH_FRAMES = (16, 64)
"""Number of frames in a batch for 4,000 particles, and for 16,000 particles and more, where hardly
any frame is in a known structure. More ranks than that have nothing to do.
"""

CHUNK_FRAMES = 192
"""Number of frames in a chunk for 4,000 particles, fewer for more particles; a killed run loses no
more than that.
"""

SAME_ENERGY = 1e-9
"""Largest relative difference of energies of two minima that are compared particle by particle."""

UNKNOWN = -1
"""Index of the structure of a frame whose quench did not converge."""

_log = logging.getLogger(__name__)

_SERIES = {
    "time": float,
    "energy": float,
    "max_force": float,
    "structure": np.int64,
    "converged": bool,
    "evaluations": np.int64,
    "seconds": float,
    "potential_energy": float,
    "temperature": float,
    "mean_squared_displacement": float,
}
"""Quantities that are stored for each frame."""


def batch_frames(particles: int) -> int:
    """Number of frames in a batch, which depends on the size of the system alone."""
    fewest, most = BATCH_FRAMES
    return int(np.clip(fewest * (particles // 4000), fewest, most))


def chunk_frames(particles: int) -> int:
    """Number of frames in a chunk, a multiple of those in a batch."""
    batch = batch_frames(particles)
    return batch * max(1, min(CHUNK_FRAMES, CHUNK_FRAMES * 4000 // particles) // batch)


class _Chunks:
    """Files of one sample: per chunk `cNNNNNN.npz` with its series and `cNNNNNN.structures.npy`."""

    def __init__(self, folder: Path, communicator):
        self.folder, self.communicator = folder, communicator
        if communicator.rank == 0:
            folder.mkdir(parents=True, exist_ok=True)
        communicator.Barrier()

    @property
    def start(self) -> Path:
        """File with the thermalised state from which the run starts."""
        return self.folder / "start.npz"

    def series(self, chunk: int) -> Path:
        """File with the series of a chunk."""
        return self.folder / f"c{chunk:06d}.npz"

    def structures(self, chunk: int) -> Path:
        """File with the positions of the structures that a chunk found."""
        return self.folder / f"c{chunk:06d}.structures.npy"

    def has(self, chunk: int) -> bool:
        """Whether a chunk is complete."""
        return exists(self.series(chunk), self.communicator)

    def save(self, chunk: int, structures, **series) -> None:
        """Write a chunk; its series last, as their file shows that the chunk is complete."""
        if self.communicator.rank == 0:
            path = self.structures(chunk)
            unfinished = path.with_name(f".{path.name}")
            with open(unfinished, "wb") as file:
                np.save(file, structures)
            os.replace(unfinished, path)
        save_arrays(self.series(chunk), self.communicator, **series)

    def structure(self, chunk: int, row: int) -> np.ndarray:
        """Positions of one structure, shape=(N, d), on every rank."""
        found = None
        if self.communicator.rank == 0:
            found = np.array(np.load(self.structures(chunk), mmap_mode="r")[row])
        return _share(found, self.communicator, 0)


def _share(positions, communicator, root):
    """Send an array of rank `root` to every rank."""
    shape = communicator.bcast(None if positions is None else positions.shape, root)
    out = np.ascontiguousarray(positions) if communicator.rank == root else np.empty(shape)
    communicator.Bcast(out, root)
    return out


class _Catalogue:
    """Distinct inherent structures of a run, the same list on every rank of its team.

    Indices into this list are global. The quencher knows some of the structures under local
    indices; `_names` holds the global index of each.
    """

    def __init__(self, quencher: Quencher, chunks: _Chunks, most_known: int):
        self.quencher, self.chunks, self.most_known = quencher, chunks, most_known
        self.energies: list[float] = []
        self._where: list[tuple[int, int]] = []
        self._names: list[int] = []
        self._visited: dict[int, None] = {}
        self._latest = 0
        self._pending: list[np.ndarray] = []

    def __len__(self):
        return len(self.energies)

    def restore(self, chunk: int, structure, energies) -> None:
        """Add the structures of a chunk of an earlier run."""
        self._where += [(chunk, row) for row in range(len(energies))]
        self.energies += energies.tolist()
        self._visit(structure)

    def _visit(self, structures) -> None:
        """Note that structures were visited, in this order."""
        for index in structures:
            if index != UNKNOWN:
                self._visited.pop(int(index), None)
                self._visited[int(index)] = None

    def begin_chunk(self) -> None:
        """Make the first structure and those visited last known to the quencher.

        They follow from the series alone, whether it was computed in this run or read from disk.
        """
        recent = list(self._visited)[-self.most_known :]
        wanted = sorted({0, *recent} if recent else ())
        same = 0
        while same < min(len(wanted), len(self._names)) and wanted[same] == self._names[same]:
            same += 1
        self._forget(same)
        for index in wanted[same:]:
            self._know(index, self._positions(index))
        self._pending = []

    def begin_run(self, positions) -> None:
        """Add the structure of the first frame, so that the first batch can recognise it."""
        found = self.quencher.quench(positions)
        self.quencher.forget(0)
        if found.converged:
            self.find(found.positions, found.energy)

    def begin_batch(self) -> None:
        """Let quenches compare first with the structure of the last frame."""
        last = next(reversed(self._visited), None)
        self._latest = self._names.index(last) if last in self._names else 0
        self.quencher.forget(len(self._names), self._latest)

    def end_batch(self, structure) -> None:
        """Note the structures of the frames of a batch."""
        self._visit(structure)

    def _forget(self, known):
        """Keep only the first structures that the quencher knows."""
        self.quencher.forget(known)
        del self._names[known:]

    def _know(self, index, positions):
        """Make a structure known to the quencher."""
        # the latest structure is dropped for it; if it is met again, its energy identifies it
        if len(self._names) >= 2 * self.most_known:
            self._forget(2 * self.most_known - 1)
        if self.quencher.remember(positions) == len(self._names):
            self._names.append(index)

    def _positions(self, index):
        """Positions of a structure, from memory or from the file of its chunk."""
        chunk, row = self._where[index]
        if row < 0:
            return self._pending[-row - 1]
        return self.chunks.structure(chunk, row)

    def quench(self, positions):
        """Quench a frame with the structures known to its batch.

        Returns
        -------
        found : Quench
        index : int or None
            Index of its structure, UNKNOWN if the quench did not converge, None if no structure
            that the batch knows is the same.
        """
        known = len(self._names)
        found = self.quencher.quench(positions)
        index = UNKNOWN
        if found.converged:
            index = None if found.is_new else self._names[found.structure]
        self.quencher.forget(known, self._latest)
        return found, index

    def find(self, positions, energy) -> int:
        """Index of a minimum that its batch did not know; it is added if it is new.

        Every rank of the team makes this call, with the same arguments.
        """
        local = self.quencher.find(positions)
        if local < 0:
            apart = np.abs(np.asarray(self.energies) - energy)
            for index in np.flatnonzero(apart <= SAME_ENERGY * abs(energy)):
                # several structures can have this energy: they may differ by a permutation of
                # identical particles
                if local < 0 and index not in self._names:
                    self._know(int(index), self._positions(index))
                    local = self.quencher.find(positions)
        if local >= 0:
            return self._names[local]
        self._pending.append(positions)
        # a negative row marks a structure of the present chunk, which is not saved yet
        self._where.append((-1, -len(self._pending)))
        self.energies.append(energy)
        self._know(len(self) - 1, positions)
        return len(self) - 1

    def end_chunk(self, chunk: int, shape) -> tuple[np.ndarray, np.ndarray]:
        """Positions and energies of the structures that the chunk found for the first time."""
        count = len(self._pending)
        first = len(self) - count
        self._where[first:] = [(chunk, row) for row in range(count)]
        found = np.array(self._pending).reshape(count, *shape)
        return found, np.array(self.energies[first:])


def follow_run(
    model: GlassModel,
    glass: Glass,
    settings: RunSettings,
    folder: str | Path,
    *,
    seed: int,
    force_tolerance: float = 1e-10,
    dynamics_ranks: int = 1,
    communicator=None,
    log=None,
) -> None:
    """Run one sample at one temperature, quench its frames and write them in chunks.

    A run that was begun before is continued.

    Parameters
    ----------
    model : GlassModel
        Model of the sample.
    glass : Glass
        Inherent structure from which the run starts, before thermalisation.
    settings : RunSettings
        Settings of the run; `interval` is the time between quenches.
    folder : path
        Folder of the chunks; chunks that it contains already are kept.
    seed : int
        Seed of the initial velocities and of the thermostat
        (:func:`glassmodes.randomness.lammps_seed`).
    force_tolerance : float
        Bound on the largest force on a particle of an inherent structure.
    dynamics_ranks : int
        Number of ranks that run the dynamics, the first of the communicator. The rounding of the
        dynamics depends on it.
    communicator : mpi4py.MPI.Comm, optional
        Ranks that share this sample, COMM_SELF by default. The result does not depend on their
        number.
    log : path, optional
        Log file of LAMMPS.

    Raises
    ------
    SessionError
        If LAMMPS stops; on every rank.
    """
    communicator = MPI.COMM_SELF if communicator is None else communicator
    team = _Team(communicator, dynamics_ranks)
    try:
        _follow(model, glass, settings, Path(folder), team, seed, force_tolerance, log)
    finally:
        team.free()


class _Team:
    """All ranks of a sample, and those among them that run the dynamics."""

    def __init__(self, ranks, dynamics_ranks):
        self.ranks = ranks
        self.moves = ranks.rank < dynamics_ranks
        self.dynamics = ranks.Split(0 if self.moves else MPI.UNDEFINED, ranks.rank)

    def free(self):
        """Free the communicator of the dynamics."""
        if self.moves:
            self.dynamics.Free()

    def together(self, work):
        """Call a function on the ranks of the dynamics; an error of theirs is raised on every rank.

        Returns the result on the ranks of the dynamics and None on all others.
        """
        result = error = None
        if self.moves:
            try:
                result = work()
            except SessionError as caught:
                error = str(caught)
        error = self.ranks.bcast(error)
        if error is not None:
            raise SessionError(error)
        return result


def _follow(model, glass, settings, folder, team, seed, force_tolerance, log):
    """Follow a run with a team of ranks; see :func:`follow_run`."""
    ranks = team.ranks
    chunks = _Chunks(folder, ranks)
    run = NveRun(model, glass, settings, team.dynamics, log)
    if not exists(chunks.start, ranks):
        started = team.together(lambda: run.thermalise(seed)) or (None, None)
        save_arrays(chunks.start, ranks, positions=started[0], velocities=started[1])
    origin, *_ = state = load_arrays(chunks.start, ranks, "positions", "velocities")
    n, d = origin.shape
    quencher = Quencher(Landscape.of_glass(model, glass), force_tolerance=force_tolerance)
    catalogue = _Catalogue(quencher, chunks, known_structures(model, n))
    per_chunk, per_batch = chunk_frames(n), batch_frames(n)
    began = told = time.monotonic()
    for chunk, first in enumerate(range(0, settings.frames, per_chunk)):
        stop = min(first + per_chunk, settings.frames)
        if chunks.has(chunk):
            catalogue.restore(
                chunk, *load_arrays(chunks.series(chunk), ranks, "structure", "energies")
            )
            state = None
            continue
        if state is None:
            state = load_arrays(chunks.series(chunk - 1), ranks, "positions", "velocities")
        catalogue.begin_chunk()
        if first == 0:
            catalogue.begin_run(origin)
        frames = run.follow(*state, count=stop - first, from_start=first == 0)
        series = {name: np.empty(stop - first, kind) for name, kind in _SERIES.items()}
        series["time"] = np.arange(first, stop) * settings.interval
        try:
            for start in range(0, stop - first, per_batch):
                here = slice(start, min(start + per_batch, stop - first))
                state = _batch(team, frames, here, series, catalogue, origin)
        finally:
            frames.close()
        structures, energies = catalogue.end_chunk(chunk, (n, d))
        chunks.save(
            *(chunk, structures),
            **(series | {"energies": energies}),
            **dict(zip(("positions", "velocities"), state, strict=True)),
        )
        failed = int((~series["converged"]).sum())
        if ranks.rank == 0 and failed:
            times = ", ".join(f"{t:g}" for t in series["time"][~series["converged"]])
            _log.warning(
                "sample %d, T = %g: %d frames did not converge, at t = %s",
                *(glass.sample, settings.temperature, failed, times),
            )
        if ranks.rank == 0 and time.monotonic() - told > 30:
            told = time.monotonic()
            _log.info(
                "sample %d, T = %g: frame %d of %d, %d distinct structures, %.0f s",
                *(glass.sample, settings.temperature, stop, settings.frames),
                *(len(catalogue), told - began),
            )


def _batch(team, frames: Iterator, here: slice, series: Mapping, catalogue, origin):
    """Advance the dynamics by a batch of frames and quench them; returns the state at its end."""
    ranks = team.ranks
    count = here.stop - here.start
    n, d = origin.shape

    def advance():
        # rank 0 keeps all frames, as it sends them to the ranks that quench them
        kept = {}
        for index in range(count):
            frame = next(frames)
            if ranks.rank in (0, index % ranks.size):
                kept[index] = frame.positions
            place = here.start + index
            series["potential_energy"][place] = frame.potential_energy
            series["temperature"][place] = frame.temperature
            moved = frame.positions - origin
            series["mean_squared_displacement"][place] = (moved**2).sum() / n
        return kept, (frame.positions, frame.velocities)

    kept, state = team.together(advance) or ({}, (None, None))
    mine = {}
    for index in range(count):
        owner = index % ranks.size
        if owner == ranks.rank:
            mine[index] = kept[index] if team.moves else np.empty((n, d))
            if not team.moves:
                ranks.Recv(mine[index], 0, index)
        elif ranks.rank == 0 and owner >= team.dynamics.size:
            ranks.Send(np.ascontiguousarray(kept[index]), owner, index)
    kept.clear()

    catalogue.begin_batch()
    records, minima = {}, {}
    for index, positions in mine.items():
        began = time.process_time()
        found, structure = catalogue.quench(positions)
        seconds = time.process_time() - began
        records[index] = (
            *(found.energy, found.max_force, structure, found.converged, found.evaluations),
            seconds,
        )
        if structure is None:
            minima[index] = found.positions
    everything = {}
    for part in ranks.allgather(records):
        everything |= part
    names = ("energy", "max_force", "structure", "converged", "evaluations", "seconds")
    for index in range(count):
        record = dict(zip(names, everything[index], strict=True))
        if record["structure"] is None:
            minimum = _share(minima.get(index), ranks, index % ranks.size)
            record["structure"] = catalogue.find(minimum, record["energy"])
        for name, value in record.items():
            series[name][here.start + index] = value
    catalogue.end_batch(series["structure"][here])
    return state


def collect_series(folder, model: GlassModel, glass: Glass, settings: RunSettings, group) -> dict:
    """Copy the chunks of a finished run into an HDF5 group.

    Parameters
    ----------
    folder : path
        Folder that :func:`follow_run` filled.
    model : GlassModel
        Model of the sample.
    glass : Glass
        Inherent structure from which the run started.
    settings : RunSettings
        Settings of the run.
    group : h5py.Group
        Receives for each of F frames: `time`, `energy` (total, of the inherent structure),
        `max_force`, `structure` (index, -1 if the quench did not converge), `converged`,
        `evaluations` (of forces), `seconds` (of one core, for the quench), `potential_energy`
        (total), `temperature` (sum v^2 / (d N)) and `mean_squared_displacement`. For each of D
        distinct structures: `structures` (D, N, d), wrapped into the box, and `structure_energy`
        (D,). And `box` (d,).

    Returns
    -------
    dict
        Attributes of the group: the result of :func:`glassmodes.simulation.dynamics.run_checks`,
        duration and interval.
    """
    n, d = glass.positions.shape
    chunks = _Chunks(Path(folder), MPI.COMM_SELF)
    parts: dict[str, list] = {name: [] for name in (*_SERIES, "energies")}
    structures = group.create_dataset(
        "structures", (0, n, d), maxshape=(None, n, d), chunks=(1, n, d), dtype="f8"
    )
    for chunk, _ in enumerate(range(0, settings.frames, chunk_frames(n))):
        with np.load(chunks.series(chunk)) as stored:
            for name, values in parts.items():
                values.append(stored[name])
        found = np.load(chunks.structures(chunk), mmap_mode="r")
        first = len(structures)
        structures.resize(first + len(found), axis=0)
        for row, positions in enumerate(found, start=first):
            structures[row] = positions - glass.box * np.floor(positions / glass.box)
    series = {name: np.concatenate(values) for name, values in parts.items()}
    group["structure_energy"] = series.pop("energies")
    for name, values in series.items():
        group[name] = values
    group["box"] = glass.box
    energy = series["potential_energy"] + 0.5 * d * n * series["temperature"]
    attributes = run_checks(
        *(settings, n, d, energy, series["temperature"], series["mean_squared_displacement"])
    )
    attributes |= {"duration": series["time"][-1], "interval": settings.interval}
    group.attrs.update(attributes)
    return attributes


def rearrangement_tables(run: Mapping, temperature: float) -> dict[str, pd.DataFrame]:
    """Tables of one run (Mizuno, Tong, Ikeda and Mossa, 2020, Eqs 5 to 7 and Figs 5 to 9).

    A frame whose quench did not converge has no structure. Its columns are NaN, and the next frame
    that has a structure is compared with the last one before it that has.

    Parameters
    ----------
    run : mapping of str to array_like
        Group that :func:`collect_series` wrote; its `structures` are read one by one.
    temperature : float
        Target temperature of the run.

    Returns
    -------
    dict of str to pandas.DataFrame
        inherent_structures, with one row for each frame; rearrangements, one for each event;
        rearrangement_runs, one row; rearrangement_fields, one for each particle, for the event with
        the largest distance.
    """
    times, structure, converged = (
        np.asarray(run[name]) for name in ("time", "structure", "converged")
    )
    box = np.asarray(run["box"])
    energies = np.asarray(run["structure_energy"])
    structures = run["structures"]
    frames = len(times)
    n, d = structures.shape[1:]

    settled = np.flatnonzero(structure != UNKNOWN)
    visited = structure[settled]
    changes = np.flatnonzero(np.diff(visited))
    pairs = {}
    for before, after in {(int(visited[c]), int(visited[c + 1])) for c in changes}:
        pairs[before, after] = describe(
            structures[before], structures[after], energies[before], energies[after], box
        )
    events = [
        (settled[change + 1], int(visited[change]), int(visited[change + 1])) for change in changes
    ]

    from_first = np.zeros(len(energies))
    if len(energies):
        origin = structures[0]
        for index in range(1, len(energies)):
            moved = displacement(origin, structures[index], box)
            from_first[index] = np.sqrt((moved**2).sum())
    unsettled = structure == UNKNOWN
    step_distance, step_energy = np.zeros(frames), np.zeros(frames)
    for frame, before, after in events:
        step_distance[frame] = pairs[before, after].distance
        step_energy[frame] = pairs[before, after].energy_change
    series = pd.DataFrame(
        {
            "temperature": temperature,
            "time": times,
            "structure": structure,
            "energy": energies[structure] - energies[0] if len(energies) else np.nan,
            "displacement": from_first[structure] if len(energies) else np.nan,
            "step_distance": step_distance,
            "step_energy": step_energy,
            "max_force": np.asarray(run["max_force"]),
            "converged": converged,
        }
    )
    series.loc[unsettled, ["energy", "displacement", "step_distance", "step_energy"]] = np.nan

    rearrangements = pd.DataFrame(
        [
            {
                "temperature": temperature,
                "time": times[frame],
                "distance": found.distance,
                "energy_change": found.energy_change,
                "participants": found.participants,
                "far_field_exponent": found.far_field_exponent,
                "far_field_error": found.far_field_error,
                "largest": found.largest,
                "before": before,
                "after": after,
            }
            for frame, before, after in events
            for found in (pairs[before, after],)
        ]
    )
    runs = pd.DataFrame(
        [
            {
                "temperature": temperature,
                "duration": times[-1] - times[0],
                "frames": frames,
                "events": len(events),
                "distinct_structures": len(energies),
                "returned": bool((visited[changes + 1] == 0).any()),
                "not_converged": int(unsettled.sum()),
                "evaluations_per_frame": float(np.mean(run["evaluations"])),
                "seconds_per_frame": float(np.mean(run["seconds"])),
                "particles": n,
            }
        ]
    )
    fields = pd.DataFrame()
    if events:
        frame, before, after = max(events, key=lambda event: pairs[event[1:]].distance)
        columns = {"temperature": temperature, "time": times[frame], "particle": np.arange(n)}
        position = np.zeros((n, 3))
        position[:, :d] = structures[before]
        field = np.zeros((n, 3))
        field[:, :d] = displacement(structures[before], structures[after], box)
        for axis, name in enumerate("xyz"):
            columns[name] = position[:, axis]
        for axis, name in enumerate("xyz"):
            columns[f"d{name}"] = field[:, axis]
        fields = pd.DataFrame(columns)
    return {
        "inherent_structures": series,
        "rearrangements": rearrangements,
        "rearrangement_runs": runs,
        "rearrangement_fields": fields,
    }

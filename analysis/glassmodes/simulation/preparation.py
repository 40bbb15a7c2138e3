"""Preparation of inherent structures: quenched and cooled liquids, random starts, crystals.

The protocol of an ensemble is `preparation["protocol"]`.

quench
    A liquid, made from random positions by Langevin dynamics at `parent_temperature` for the time
    `equilibration` (`melt.in`), is quenched instantaneously by FIRE (`quench.in`).
cooling
    The same liquid is cooled at a constant `rate` to `final_temperature` (`cool.in`), then
    quenched.
equilibrium
    A snapshot of an equilibrium run (:mod:`glassmodes.simulation.liquids`) is quenched.
random
    Random positions, which are those of infinite temperature, are quenched.

    `quench` and `random` may continue with Langevin dynamics of the glass at the temperature
    `annealing_temperature` for the time `annealing` (`nvt.in`) and a second quench. A freshly
    quenched glass is often next to a lower minimum, which it reaches within a hundred units of time
    at T = 1e-3. Mizuno, Tong, Ikeda and Mossa (Intermittent rearrangements, 2020) likewise take the
    inherent structures of glasses that were kept at their temperature for a long time.
fcc
    A face-centred cubic crystal of `cells`^3 cubic cells.

`engine: lammps` runs the dynamics and FIRE in LAMMPS, in two and three dimensions. `engine: native`
runs them in this package (:mod:`glassmodes.simulation.molecular_dynamics`), in two to four
dimensions. Both use the same algorithm of FIRE. Every minimisation ends with
:func:`glassmodes.landscape.relax`, which reduces the largest force to rounding. A sample runs on
one rank unless the campaign sets `ranks_per_sample`, so neither the bundle size nor the number of
ranks changes it.
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
"""Bound on the largest force max_i |F_i| of a converged inherent structure."""

HANDOVER = 1e-6
"""Largest force at which FIRE in LAMMPS hands over to Newton's method."""

EQUILIBRATION_SAMPLES = 200
"""Number of potential energies recorded during the equilibration of a liquid."""

LIQUID_SKIN = 0.5
"""Skin of the neighbour list in liquids, in units of length; lists do not last long there."""

COOLING_RATE = 1e-3
"""Rate of the protocol `cooling`, temperature over time, if a campaign does not set `rate`."""

_log = logging.getLogger(__name__)


class PreparationError(ValueError):
    """A preparation cannot be carried out; the message names the setting."""


def fcc_crystal(model: GlassModel, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Face-centred cubic crystal at the number density of a model.

    Parameters
    ----------
    model : GlassModel
        Model in three dimensions.
    cells : int
        Number of cubic cells along each edge of the box.

    Returns
    -------
    positions : ndarray, shape=(4 cells^3, 3), dtype=float64
    box : ndarray, shape=(3,), dtype=float64
        Edge lengths of the box.

    Raises
    ------
    PreparationError
        If the model is not three-dimensional or `cells` is less than 1.
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
    """Engine that runs the dynamics and FIRE of a preparation: "lammps" or "native".

    Parameters
    ----------
    model : GlassModel
    settings : dict
        Preparation of the ensemble.
    """
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
    """Inherent structure of a configuration.

    FIRE, in LAMMPS or in this package, decides which minimum is reached; Newton's method of
    :func:`glassmodes.landscape.relax`, on rank 0, reduces the largest force to rounding.

    Parameters
    ----------
    model : GlassModel
        Model of the sample.
    box : ndarray, shape=(d,)
        Edge lengths of the periodic box.
    species : ndarray, shape=(N,), dtype=int32
        Species of each particle, from 0.
    diameter : ndarray, shape=(N,)
        Diameter of each particle.
    positions : ndarray, shape=(N, d)
        Configuration to quench.
    engine : {"lammps", "native"}
        What runs FIRE.
    overlapping : bool
        Whether the positions are random, with overlaps. FIRE in LAMMPS would move such particles
        across the box, so conjugate-gradient steps of limited length come first.
    communicator : mpi4py.MPI.Comm, optional
        Ranks that share the sample, COMM_SELF by default.
    log : path, optional
        Log file of LAMMPS.

    Returns
    -------
    glassmodes.landscape.RelaxationResult
        On every rank.

    Raises
    ------
    SessionError
        If LAMMPS stops.
    NeighbourError
        If the box is too small or a position is not finite.
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
    """Positions of a liquid at the parent temperature, or cooled from it, and its diagnostics."""
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
    """Number of steps of the cooling; 0 for other protocols."""
    if settings["protocol"] != "cooling":
        return 0
    fall = temperature - float(settings.get("final_temperature", 0.0))
    return max(1, round(fall / float(settings.get("rate", COOLING_RATE)) / step))


def _anneal(model, glass, settings, seed, communicator, log):
    """Positions of a glass after Langevin dynamics at the annealing temperature, not minimised."""
    temperature = float(settings["annealing_temperature"])
    step = float(settings.get("time_step", model.time_step))
    steps = max(1, round(float(settings["annealing"]) / step))
    if engine_of(model, settings) == "native":
        rng = np.random.default_rng(seed)
        # half of the kinetic energy becomes potential energy
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
    """Whether a liquid of the protocols `quench` and `cooling` was equilibrated.

    Its mean-squared displacement must reach one squared mean diameter, and in the last half of the
    equilibration its energy must not drift by more than chance allows
    (:func:`glassmodes.simulation.liquids.largest_drift`).

    Parameters
    ----------
    diagnostics : dict
        With `equilibration` (time), `liquid_displacement` (in squared mean diameters) and
        `liquid_energy_drift` (in units of the fluctuation of the energy).
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
    """Prepare one sample of an ensemble, an inherent structure.

    Parameters
    ----------
    model : GlassModel
        Model of the ensemble.
    ensemble : Ensemble
        Ensemble of a campaign, whose preparation is not checked here. One made by hand is checked
        by `glassmodes.campaign.preparation.check_preparation`.
    sample : int
        Index of the sample within the ensemble.
    seed : int
        Seed of the campaign.
    liquid : Liquid, optional
        For the protocol `equilibrium`: the equilibrium run with the snapshot of this sample alone.
    communicator : mpi4py.MPI.Comm, optional
        Ranks that share this sample, COMM_SELF by default. The random numbers of the thermostat of
        LAMMPS depend on their number.
    log : path, optional
        Log file of LAMMPS.

    Returns
    -------
    Glass
        On every rank. `status` is ok, not_equilibrated, crystallised, not_converged, nan, or failed
        (the simulation stopped); `diagnostics` holds what was measured during the preparation. A
        sample that fails raises no exception.

    Raises
    ------
    PreparationError
        If the protocol is `fcc` and the model has no such crystal.
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
    """Glass quenched from a snapshot of an equilibrium run, whose status it inherits."""
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
    """Store the result of a quench in a glass, with its diagnostics and status."""
    _adopt(glass, result)
    glass.diagnostics["fire_iterations"] = result.iterations
    glass.diagnostics["newton_steps"] = result.newton_steps
    glass.status = _status(model, ensemble.preparation["protocol"], glass, result.converged)


def _adopt(glass, result):
    """Store positions, energy and largest force of a quench in a glass."""
    glass.positions, glass.energy = result.positions, result.energy
    glass.max_force = result.max_force


def _status(model, protocol, glass, converged) -> str:
    """Status of a quenched sample, as of :func:`prepare_glass`."""
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
    """Log a warning about a sample whose status is not ok, on rank 0."""
    if communicator.rank == 0:
        _log.warning("%s sample %d: %s (%s)", ensemble.name, glass.sample, glass.status, reason)

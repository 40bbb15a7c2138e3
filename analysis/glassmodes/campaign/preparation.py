"""Preparation protocols: what each may be told, and what it refuses.

One class states the keys of one protocol; `glassmodes.simulation.preparation` carries them out.
The preparation of an ensemble is plain data of one of these classes: keys that a campaign does not
give are left out of it, but for those whose default stands here or that the model has a value for.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field

from glassmodes.campaign.validation import (
    Fault,
    Settings,
    SettingsError,
    Temperature,
    TimeStep,
    near,
    not_among,
    read_settings,
    unknown_key,
)
from glassmodes.ensembles import Ensemble
from glassmodes.models import GlassModel

Engine = Annotated[
    Literal["lammps", "native"],
    Field(
        description="lammps (two and three dimensions; the default there) or native, the "
        "campaign's own molecular dynamics and FIRE (any dimension, one rank)."
    ),
]


class Preparation(Settings):
    """Base of all protocols."""

    from_model: ClassVar[tuple[str, ...]] = ()
    """Keys that take the model's own value where they are not given."""

    protocol: str = Field(description="Name of the protocol.")
    ranks_per_sample: int = Field(
        1,
        ge=1,
        le=4096,
        description="MPI ranks that share one sample (large systems). Part of the science: the "
        "thermostat's random numbers depend on it.",
    )

    @classmethod
    def name(cls) -> str:
        """Name of the protocol."""
        return get_args(cls.model_fields["protocol"].annotation)[0]

    @classmethod
    def own_keys(cls) -> list[str]:
        """Keys of the protocol that not every protocol has."""
        return [name for name in cls.model_fields if name not in ("protocol", "ranks_per_sample")]

    def completed(self, model: GlassModel) -> dict:
        """The settings as plain data, with the model's own values where none are given.

        Parameters
        ----------
        model : GlassModel

        Returns
        -------
        dict
            None stands for a value that neither the campaign nor the model gives, which
            :meth:`faults` reports.
        """
        settings = self.model_dump(exclude_none=True)
        return {**{name: self._of_model(name, model) for name in self.from_model}, **settings}

    def faults(self, key: str, model: GlassModel) -> list[Fault]:
        """What is wrong with these settings for a model.

        Parameters
        ----------
        key : str
            Dotted key of the settings in the campaign.
        model : GlassModel

        Returns
        -------
        list of (str, str)
        """
        faults = []
        native = self._is_native(model)
        if not native and model.dimension not in (2, 3):
            faults.append(
                (
                    f"{key}.engine",
                    f"LAMMPS has no {model.dimension} dimensions (model {model.name}); allowed: "
                    "native",
                )
            )
        if native and self.ranks_per_sample > 1:
            faults.append(
                (
                    f"{key}.ranks_per_sample",
                    f"{self.ranks_per_sample} ranks cannot share a sample that LAMMPS does not "
                    "prepare; allowed: 1",
                )
            )
        settings = self.completed(model)
        lack = f"is missing, and the model {model.name} has none{self._purpose()}"
        return faults + [
            (key, f"the key {name!r} {lack}") for name in self.from_model if not settings[name]
        ]

    def _of_model(self, name: str, model: GlassModel) -> float | None:
        return getattr(model, name)

    def _purpose(self) -> str:
        """What the model has no value for, where it may have one for something else."""
        return ""

    def _is_native(self, model: GlassModel) -> bool:
        """Whether the campaign's own dynamics and FIRE prepare the samples, and not LAMMPS."""
        engine = getattr(self, "engine", None)
        return (engine or ("lammps" if model.dimension in (2, 3) else "native")) == "native"


class LiquidProtocol(Preparation):
    """A protocol that begins with a liquid."""

    from_model: ClassVar[tuple[str, ...]] = ("parent_temperature", "equilibration")

    parent_temperature: Temperature = Field(
        None,
        description="Temperature of the liquid; the model's own where it is not given.",
    )
    equilibration: float = Field(
        None,
        gt=0,
        le=1e9,
        description="Time for which the liquid is equilibrated; the model's own where it is not "
        "given.",
    )
    time_step: TimeStep = Field(
        None,
        description="Time step of the dynamics; the model's own where it is not given.",
    )


class AnnealedProtocol(Preparation):
    """A protocol that may hold the quenched glass at a temperature and quench it again."""

    annealing_temperature: Temperature = Field(
        None,
        description="Temperature at which the quenched glass is held before it is quenched again, "
        "so that it has left the minima it would leave in the runs; no annealing where it is not "
        "given.",
    )
    annealing: float = Field(
        None,
        gt=0,
        le=1e8,
        description="Time for which the quenched glass is held at annealing_temperature.",
    )
    engine: Engine = None

    def faults(self, key: str, model: GlassModel) -> list[Fault]:
        pair = ("annealing", "annealing_temperature")
        return super().faults(key, model) + [
            (key, f"{name!r} needs the key {other!r} beside it")
            for name, other in (pair, pair[::-1])
            if getattr(self, name) is not None and getattr(self, other) is None
        ]


class Quench(AnnealedProtocol, LiquidProtocol):
    """A liquid at parent_temperature, quenched instantaneously."""

    protocol: Literal["quench"] = Field(description="A liquid, quenched instantaneously.")


class Cooling(LiquidProtocol):
    """A liquid at parent_temperature, cooled at a constant rate, then quenched."""

    protocol: Literal["cooling"] = Field(
        description="A liquid, cooled at a constant rate, then quenched."
    )
    rate: float = Field(
        None,
        gt=0,
        le=1000,
        description="Fall of the temperature in a unit of time; 1e-3 where it is not given.",
    )
    final_temperature: float = Field(
        None,
        ge=0,
        le=1000,
        description="Temperature at which the cooling ends; 0 where it is not given.",
    )
    engine: Engine = None

    def faults(self, key: str, model: GlassModel) -> list[Fault]:
        faults = super().faults(key, model)
        parent = self.completed(model)["parent_temperature"]
        if (self.final_temperature or 0.0) >= (parent or math.inf):
            faults.append(
                (
                    f"{key}.final_temperature",
                    f"{self.final_temperature:g} is not below the parent temperature; allowed: "
                    f"less than {parent:g}",
                )
            )
        return faults


class Equilibrium(LiquidProtocol):
    """Decorrelated snapshots of long equilibrium runs, each quenched."""

    protocol: Literal["equilibrium"] = Field(
        description="Decorrelated snapshots of long equilibrium runs, each quenched."
    )
    dynamics: Literal["molecular", "swap"] = Field(
        description="Molecular dynamics, or Monte Carlo with swaps of diameters (polydisperse "
        "models)."
    )
    equilibration: float = Field(
        None,
        gt=0,
        le=1e9,
        description="Time for which the liquid is equilibrated, in sweeps (attempted moves a "
        "particle) for swap Monte Carlo; the model's own where it is not given, but for swap Monte "
        "Carlo. A run goes on until it has lasted for five of the decorrelation times that it "
        "measures.",
    )
    snapshots: int = Field(
        ge=1,
        le=100_000,
        description="Snapshots of each run; sample s is snapshot s % snapshots of run "
        "s // snapshots.",
    )
    spacing: float = Field(
        None,
        gt=0,
        le=1000,
        description="Time between snapshots, in decorrelation times of the run; 2 where it is not "
        "given.",
    )
    translation_step: float = Field(
        None,
        gt=0,
        le=2,
        description="Swap Monte Carlo: edge of the cube in which a particle is moved, in mean "
        "diameters; 0.12 where it is not given.",
    )
    swap_fraction: float = Field(
        None,
        ge=0,
        le=0.99,
        description="Swap Monte Carlo: probability that a move is a swap; 0.2 where it is not "
        "given.",
    )
    swap_window: float = Field(
        None,
        gt=0,
        le=100,
        description="Swap Monte Carlo: largest difference of diameters that are exchanged, in "
        "units of length; 0.2 where it is not given.",
    )

    def faults(self, key: str, model: GlassModel) -> list[Fault]:
        faults = super().faults(key, model)
        if self.dynamics != "swap":
            return faults + [
                (f"{key}.{name}", "a setting of swap Monte Carlo, and dynamics is molecular")
                for name in ("translation_step", "swap_fraction", "swap_window")
                if getattr(self, name) is not None
            ]
        if not model.is_polydisperse:
            faults.append(
                (
                    f"{key}.dynamics",
                    f"swap exchanges diameters, and the model {model.name} is not polydisperse; "
                    "allowed: molecular",
                )
            )
        if self.time_step is not None:
            faults.append((f"{key}.time_step", "swap Monte Carlo has no time step; leave it out"))
        return faults

    def _of_model(self, name: str, model: GlassModel) -> float | None:
        # the model's equilibration is a time, and swap Monte Carlo counts sweeps
        if name == "equilibration" and self.dynamics == "swap":
            return None
        return super()._of_model(name, model)

    def _purpose(self) -> str:
        return " for swap Monte Carlo" if self.dynamics == "swap" else ""

    def _is_native(self, model: GlassModel) -> bool:
        return True


class RandomStart(AnnealedProtocol):
    """Random positions, minimised."""

    protocol: Literal["random"] = Field(description="Random positions, minimised.")


class FccCrystal(Preparation):
    """A face-centred cubic crystal."""

    protocol: Literal["fcc"] = Field(description="A face-centred cubic crystal.")
    cells: int = Field(
        ge=1,
        le=140,
        description="Conventional cells along each edge of the box (4 cells^3 particles).",
    )

    @property
    def particles(self) -> int:
        """Number of particles of the crystal."""
        return 4 * self.cells**3

    def faults(self, key: str, model: GlassModel) -> list[Fault]:
        faults = super().faults(key, model)
        one_component = not model.is_polydisperse and len(model.fractions) == 1
        if not one_component or model.dimension != 3:
            faults.append(
                (
                    f"{key}.protocol",
                    f"fcc needs a one-component model in three dimensions, and {model.name} is "
                    "not one; allowed: quench, random",
                )
            )
        return faults


PROTOCOLS: dict[str, type[Preparation]] = {
    kind.name(): kind for kind in (Quench, Cooling, Equilibrium, RandomStart, FccCrystal)
}
"""The protocols by their names in campaign files."""


def read_preparation(content: Any, key: str) -> tuple[dict, list[Fault]]:
    """Check the preparation of an ensemble as far as that is possible without its model.

    Parameters
    ----------
    content : dict
        As a campaign file gives it.
    key : str
        Its dotted key.

    Returns
    -------
    settings : dict
        With defaults filled in; empty where anything is refused.
    faults : list of (str, str)
    """
    if not isinstance(content, dict):
        return {}, [(key, f"{content!r} is not of type object")]
    every = list(dict.fromkeys(name for kind in PROTOCOLS.values() for name in kind.model_fields))
    if "protocol" not in content:
        unknown = [
            (f"{key}.{name}", unknown_key(name, every)) for name in content if name not in every
        ]
        return {}, [*unknown, (key, "the key 'protocol' is missing")]
    protocol = content["protocol"]
    kind = PROTOCOLS.get(protocol) if isinstance(protocol, str) else None
    if kind is None:
        return {}, [(f"{key}.protocol", not_among(protocol, list(PROTOCOLS)))]
    allowed = kind.own_keys()
    foreign = [name for name in content if name not in kind.model_fields]
    known = {name: value for name, value in content.items() if name not in foreign}
    settings, faults = read_settings(kind, known, key)
    faults = [
        (
            f"{key}.{name}",
            f"not a setting of the protocol {protocol}"
            f"{'' if name in every else near(name, allowed)} (its settings: {', '.join(allowed)})",
        )
        for name in foreign
    ] + faults
    return ({} if faults else settings), faults


def size_faults(key: str, protocol: Preparation, particles: int, model: GlassModel) -> list[Fault]:
    """What is wrong with the number of particles of an ensemble.

    Parameters
    ----------
    key : str
        Dotted key of the ensemble.
    protocol : Preparation
    particles : int
    model : GlassModel

    Returns
    -------
    list of (str, str)
    """
    is_crystal = isinstance(protocol, FccCrystal)
    if is_crystal and particles != protocol.particles:
        return [
            (
                f"{key}.particles",
                f"{particles} differs from the {protocol.particles} of {protocol.cells} FCC cells "
                "an edge; leave it out",
            )
        ]
    smallest = model.smallest_system()
    if particles >= smallest:
        return []
    where, least = "particles", smallest
    if is_crystal:
        where, least = "preparation.cells", math.ceil((smallest / 4) ** (1 / 3) - 1e-9)
    box, reach = model.box(particles)[0], 2.0 * model.largest_cutoff()
    return [
        (
            f"{key}.{where}",
            f"{particles} particles of {model.name} have a box of {box:.4g}, smaller than twice "
            f"the cutoff, {reach:.4g}; at least {least} are needed",
        )
    ]


def check_preparation(model: GlassModel, ensemble: Ensemble) -> None:
    """Refuse the preparation of an ensemble that was made by hand, before any work starts.

    The ensembles of a campaign were checked when the campaign was read.

    Parameters
    ----------
    model : GlassModel
    ensemble : Ensemble

    Raises
    ------
    SettingsError
        With one line for every fault, each naming the ensemble, the key, its value and what is
        allowed.
    """
    key = f"ensembles.{ensemble.name}"
    settings, faults = read_preparation(ensemble.preparation, f"{key}.preparation")
    if not faults:
        protocol = PROTOCOLS[settings["protocol"]](**settings)
        faults = protocol.faults(f"{key}.preparation", model)
        faults += size_faults(key, protocol, ensemble.particles, model)
    if faults:
        raise SettingsError("\n".join(f"{where}: {message}" for where, message in faults))

"""What every rule of the workflow works on, and what one of its jobs costs and asks for.

A job is one rule, one bundle (or one ensemble, or the whole campaign) and, for runs, one
temperature. :data:`STAGES` says what each rule makes and what it waits for;
:func:`glassmodes.campaign.estimates.stage` says what one sample costs.
Rules ask for ranks, memory and walltime through this module, so a plan and its jobs cannot differ.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from glassmodes.campaign import estimates, layout, rates
from glassmodes.campaign.settings import Campaign
from glassmodes.models import DEFAULT_MODELS

SNAKEMAKE_MEMORY = 450
"""Megabytes of Snakemake itself, which every job on a cluster runs inside its allocation, and of
compiling kernels, which the first job in a fresh clone does."""

MEMORY_MARGIN, TIME_MARGIN = 1.2, 2.0
"""What is asked for over what is expected: a job that exceeds it is killed and starts anew."""

SHORTEST_REQUEST = 10
"""Minutes that every job asks for at least."""

MOST_RANKS = 64


class MachineError(ValueError):
    """Limits of a machine that make no sense; names key, value and what is allowed."""


@dataclass(frozen=True)
class Machine:
    """What a node and a partition offer; None where nobody said.

    Attributes
    ----------
    cores : int, optional
        Of a node; no job of one sample gets more ranks.
    memory : float, optional
        Of a node, in gigabytes.
    hours : float, optional
        Longest walltime of the partition.
    """

    cores: int | None = None
    memory: float | None = None
    hours: float | None = None

    @classmethod
    def of(cls, settings: Mapping | None) -> Machine:
        """From the mapping `machine` of a configuration.

        Raises
        ------
        MachineError
        """
        allowed = tuple(cls.__dataclass_fields__)
        if not isinstance(settings or {}, Mapping):
            raise MachineError(
                f"machine: {settings!r} is no mapping; its keys are {', '.join(allowed)}"
            )
        # Snakemake leaves what stands in braces on the command line as text
        settings = {
            key: yaml.safe_load(value) if isinstance(value, str) else value
            for key, value in (settings or {}).items()
        }
        for key, value in settings.items():
            if key not in allowed:
                raise MachineError(f"machine.{key}: unknown key; allowed: {', '.join(allowed)}")
            whole = key != "cores" or isinstance(value, int)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not whole:
                raise MachineError(f"machine.{key}: {value!r} is no {'whole ' * (not whole)}number")
            if not 0 < value < math.inf:
                raise MachineError(
                    f"machine.{key}: {value!r} is out of bounds: it must be positive"
                )
        return cls(**settings)


@dataclass(frozen=True)
class Stage:
    """A rule of the workflow as a plan sees it.

    Attributes
    ----------
    study : str
        That asks for it; "" for what every ensemble of any study needs.
    after : tuple of str
        Rules whose results it reads, of the same ensemble (and temperature, if both have one).
    makes : tuple of str
        Tables whose parts it writes, or files of
        :data:`glassmodes.campaign.layout.FILES`.
    reads : tuple of str
        Studies whose settings it depends on.
    ranks : str
        "one" process; "samples" shared out among teams of `ranks_per_sample`, or, of short "work",
        among as many as make it an hour's; all on one sample after another, as many as its "time"
        asks for; or "frames" of each sample.
    """

    study: str
    after: tuple[str, ...]
    makes: tuple[str, ...]
    reads: tuple[str, ...] = ()
    ranks: str = "one"

    @property
    def each(self) -> str:
        """Whether there is a job for each "bundle", "temperature" of it, "run", or "ensemble"."""
        if self.makes[0] in layout.OF_ENSEMBLE:
            return "ensemble"
        if self.makes[-1] in layout.OF_RUN:
            return "run"
        return "temperature" if self.study in layout.BY_TEMPERATURE else "bundle"


STAGES = {
    "equilibrate_liquids": Stage("", (), ("liquids", "equilibration")),
    "prepare_glasses": Stage("", ("equilibrate_liquids",), ("glasses",), (), "samples"),
    "solve_modes": Stage("modes", ("prepare_glasses",), ("mode_vectors",), ("modes",), "samples"),
    "analyse_modes": Stage("modes", ("solve_modes",), ("modes", "moduli"), ("modes",)),
    "compute_density_of_states": Stage(
        "density_of_states",
        ("prepare_glasses",),
        ("density_of_states",),
        ("density_of_states",),
        "time",
    ),
    "run_dynamics": Stage(
        "dynamics", ("prepare_glasses",), ("trajectories",), ("dynamics",), "samples"
    ),
    "measure_mean_squared_displacement": Stage(
        "dynamics",
        ("run_dynamics",),
        ("mean_squared_displacement", "time_series", "dynamics_checks"),
        ("dynamics",),
    ),
    "measure_lifetimes": Stage(
        "lifetimes",
        ("run_dynamics", "solve_modes"),
        ("lifetimes", "window_lifetimes", "energy_autocorrelation"),
        ("dynamics", "lifetimes"),
    ),
    "compute_decay_rates": Stage(
        "decay_rates", ("solve_modes",), ("decay_rates",), ("decay_rates",), "time"
    ),
    "compute_joint_density": Stage(
        "joint_density", ("solve_modes",), ("joint_density",), ("joint_density",)
    ),
    "follow_inherent_structures": Stage(
        "transitions", ("prepare_glasses",), ("inherent",), ("transitions",), "frames"
    ),
    "measure_rearrangements": Stage(
        "transitions",
        ("follow_inherent_structures",),
        ("inherent_structures", "rearrangements", "rearrangement_runs", "rearrangement_fields"),
        ("transitions",),
    ),
    "estimate_boson_peak": Stage("excitations", ("analyse_modes",), ("boson_peak",)),
    "measure_excitations": Stage(
        "excitations",
        ("analyse_modes", "estimate_boson_peak"),
        ("excitations", "excitation_scans", "excitation_fields"),
        ("excitations",),
        "time",
    ),
    "compute_cubic_amplitudes": Stage(
        "cubic_amplitudes", ("analyse_modes",), ("cubic_amplitudes",), ("cubic_amplitudes",)
    ),
    "find_quasilocalized_modes": Stage(
        "quasilocalized",
        ("prepare_glasses",),
        (
            "quasilocalized_vectors",
            "quasilocalized",
            "quasilocalized_samples",
            "quasilocalized_profiles",
            "quasilocalized_population",
            "quasilocalized_growth",
        ),
        ("quasilocalized",),
        "work",
    ),
    "select_quasilocalized_fields": Stage(
        "quasilocalized", ("find_quasilocalized_modes",), ("quasilocalized_fields",)
    ),
}
"""Rules that work on samples, each after those that it waits for."""

LAST = ("gather_tables", "summarise_tables", "draw_figures", "write_report")
"""Rules of the whole campaign, which follow."""


def ranks(
    campaign: Campaign, rule: str, ensemble: str, samples: int, temperature=None, machine=None
) -> int:
    """MPI ranks that a job of so many samples can use; one for a serial rule.

    A SLURM job with an `mpi` resource must have two at least.
    """
    how = STAGES[rule].ranks
    if how == "one":
        return 1
    entry = campaign.ensembles[ensemble]
    share = entry.preparation["ranks_per_sample"]
    most = (machine.cores if machine else None) or math.inf
    if how == "samples":
        # whole teams; one that is larger than a node spans several
        teams = min(samples, max(1, min(MOST_RANKS, most) // share))
        return max(2 if most > 1 else 1, share * teams)
    seconds = estimates.stage(campaign, rule, ensemble, temperature).core_seconds
    if how == "work":
        wanted = min(MOST_RANKS, samples, round(samples * seconds / 3600.0))
    elif how == "time":
        wanted = min(MOST_RANKS, round(seconds / 3600.0))
    else:
        # as many ranks a sample as make it a day's work, up to the fewest frames of a batch
        wanted = samples * min(max(share, round(seconds / 86400.0)), max(share, 16))
    return int(max(2 if most > 1 else 1, min(wanted, most)))


@dataclass(frozen=True)
class Cost:
    """What one job is expected to use.

    Attributes
    ----------
    ranks : int
    seconds : float
        Walltime.
    memory : float
        Bytes of all its ranks together.
    disk : float
        Bytes of what it leaves.
    """

    ranks: int
    seconds: float
    memory: float
    disk: float

    @property
    def core_seconds(self) -> float:
        """Of all ranks: those that wait for others do it at full speed."""
        return self.ranks * self.seconds


def cost(
    campaign: Campaign, rule: str, ensemble: str, samples: int, temperature=None, machine=None
) -> Cost:
    """Expected cost of one job.

    Parameters
    ----------
    campaign : Campaign
    rule : str
        One of :data:`STAGES`.
    ensemble : str
    samples : int
        In its bundle.
    temperature : float, optional
        Of a run.
    machine : Machine, optional
        Bounds the ranks.

    Returns
    -------
    Cost
    """
    entry = campaign.ensembles[ensemble]
    if STAGES[rule].each == "ensemble":
        one = estimates.of_ensemble(campaign, rule, ensemble)
        return Cost(1, rates.rate("start") + one.core_seconds, one.memory, one.disk)
    one = estimates.stage(campaign, rule, ensemble, temperature)
    tasks = ranks(campaign, rule, ensemble, samples, temperature, machine)
    how, share, busy = STAGES[rule].ranks, entry.preparation["ranks_per_sample"], tasks
    each = one.core_seconds * rates.correction(rule, entry.model)
    if how == "samples":
        teams = max(1, tasks // share)
        work = math.ceil(samples / teams) * each / min(share, tasks)
        busy = min(tasks, share * samples)
    elif how == "work":
        work, busy = math.ceil(samples / tasks) * each, min(tasks, samples)
    elif how == "frames":
        work = samples * each / (tasks // samples * samples or tasks)
    else:
        work = samples * each / tasks
    memory = busy * one.memory + (tasks - busy) * estimates.IDLE_MEMORY
    return Cost(tasks, rates.rate("start") + work, memory, samples * one.disk)


def temperatures_of(campaign: Campaign, rule: str, ensemble: str) -> list[float | None]:
    """Temperatures at which a rule works on an ensemble; one None if it has none."""
    stage = STAGES[rule]
    if stage.each != "temperature":
        return [None]
    return list(campaign.temperatures(stage.study, ensemble))


def concerned(campaign: Campaign, rule: str) -> list[str]:
    """Ensembles that a rule works on."""
    stage = STAGES[rule]
    if stage.each == "run":
        return [name for name in campaign.prepared() if campaign.ensembles[name].runs]
    if not stage.study:
        return campaign.prepared()
    names = campaign.ensembles_of(stage.study)
    if "boson_peak" in stage.makes:
        return [name for name in names if campaign.spectrum_of(name)]
    return names


def indices(campaign: Campaign, rule: str, ensemble: str) -> list[int | None]:
    """Bundles or equilibrium runs that a rule has a job for each; one None for an ensemble."""
    entry = campaign.ensembles[ensemble]
    each = STAGES[rule].each
    return [None] if each == "ensemble" else list(entry.runs if each == "run" else entry.bundles)


def samples_of(campaign: Campaign, rule: str, ensemble: str, index: int | None) -> range:
    """Samples that a job works on, by its bundle or equilibrium run."""
    entry = campaign.ensembles[ensemble]
    if index is None:
        return range(entry.samples)
    if STAGES[rule].each == "run":
        first = index * entry.snapshots
        return range(first, first + entry.snapshots_of(index))
    return entry.samples_of(index)


def _table_size(campaign: Campaign, table: str) -> float:
    """Bytes of a gathered table: a part of what its rule leaves of every sample."""
    rule, tables = next((rule, s.makes) for rule, s in STAGES.items() if table in s.makes)
    if table in layout.OF_RUN:
        # one row of each run
        return 1e3 * sum(len(campaign.ensembles[name].runs) for name in concerned(campaign, rule))
    total = 0.0
    for name in concerned(campaign, rule):
        for temperature in temperatures_of(campaign, rule, name):
            if STAGES[rule].each == "ensemble":
                total += estimates.of_ensemble(campaign, rule, name).disk
            else:
                one = estimates.stage(campaign, rule, name, temperature)
                total += campaign.ensembles[name].samples * one.disk
    return total / len(tables)


def cost_of_last(campaign: Campaign, rule: str, table: str = "") -> Cost:
    """Expected cost of a job of the whole campaign; `table` is what `gather_tables` makes."""
    if rule == LAST[0]:
        one = estimates.gathering(len(layout.parts(campaign, table)), _table_size(campaign, table))
        return Cost(1, rates.rate("start") + one.core_seconds, one.memory, one.disk)
    size = sum(_table_size(campaign, name) for name in layout.tables(campaign))
    return cost_of_presentation(rule, size)


def cost_of_presentation(rule: str, size: float) -> Cost:
    """Expected cost of the summary, the figures or the report of tables of so many bytes."""
    one = estimates.presentation(rule, size)
    return Cost(1, rates.rate("start") + one.core_seconds, one.memory, one.disk)


def requested_memory(job: Cost, attempt: int = 1) -> int:
    """Megabytes that a job asks for, Snakemake's own included; more at every attempt."""
    return attempt * (SNAKEMAKE_MEMORY + math.ceil(MEMORY_MARGIN * job.memory / 1e6))


def requested_minutes(job: Cost, attempt: int = 1) -> int:
    """Walltime that a job asks for; more at every attempt."""
    return attempt * max(SHORTEST_REQUEST, math.ceil(TIME_MARGIN * job.seconds / 60.0))


@cache
def model_entries() -> dict:
    """The models' entries, as they stand in the registry."""
    return yaml.safe_load(Path(DEFAULT_MODELS).read_text())


def settings_text(
    campaign: Campaign,
    studies: Iterable[str],
    ensemble: str,
    samples: range,
    temperature: float | None = None,
) -> str:
    """All settings that a job's result depends on; results of other settings are made again."""
    entry = campaign.ensembles[ensemble]
    blocks = {study: campaign.block(study, ensemble, temperature) for study in studies}
    content = {
        "seed": campaign.seed,
        "model": model_entries()[entry.model],
        "particles": entry.particles,
        "preparation": entry.preparation,
        "samples": list(samples),
        **{
            study: {
                key: value
                for key, value in (block or {}).items()
                if key not in ("ensembles", "temperatures", "keep_trajectories")
            }
            for study, block in blocks.items()
        },
    }
    return json.dumps(content, sort_keys=True)

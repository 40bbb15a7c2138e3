"""Names of the files of a campaign (the data contract); cheap to import.

Everything of a campaign lies in `<results>/<campaign>/`:

- arrays in `<ensemble>/<folder>/`: `bNNNN.h5` of a bundle, `bNNNN/T<temperature>.h5` of a bundle at
  one temperature, `rNNNN.h5` of an equilibrium run;
- parts of tables in `<ensemble>/parts/<table>/`, named likewise, or `all.parquet` for an ensemble;
- of stages that have no ensemble, in `parts/<table>/` beside the folders of the ensembles;
- gathered tables in `tables/`, logs in `logs/`, what jobs have used in `benchmarks/`, and the
  settings that each job ran with in `records/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from glassmodes.campaign import registry
from glassmodes.campaign.settings import Campaign, temperature_label
from glassmodes.campaign.study import Array, Stage

RESERVED = ("benchmarks", "figures", "logs", "parts", "plan", "records", "tables")
"""Folders beside those of the ensembles: no ensemble is called so."""

_NAMES = {
    "bundle": "b{bundle}",
    "temperature": "b{bundle}.T{temperature}",
    "run": "r{run}",
    "ensemble": "all",
    "campaign": "all",
}
"""Names of the files of one job, by what a job is made for."""


@dataclass(frozen=True)
class Job:
    """One job of a campaign.

    Attributes
    ----------
    stage : str
        Name of the stage, or of a rule of the whole campaign.
    ensemble : str
        "" for jobs of the whole campaign.
    index : int or None
        Of the bundle or equilibrium run; None for an ensemble.
    temperature : float or None
    """

    stage: str
    ensemble: str = ""
    index: int | None = None
    temperature: float | None = None

    @property
    def label(self) -> str:
        """Name of its log, its benchmark and its record, below the folder of the stage."""
        per = registry.stages()[self.stage].per
        name = _NAMES[per].format(**_values(self.index, self.temperature))
        if per == "campaign":
            return name
        return self.ensemble if per == "ensemble" else f"{self.ensemble}.{name}"


def _values(index, temperature) -> dict[str, str]:
    number = "" if index is None else f"{index:04d}"
    at = "" if temperature is None else temperature_label(temperature)
    return {"bundle": number, "run": number, "temperature": at}


def root(campaign: Campaign) -> str:
    """Folder of a campaign's results."""
    return f"{campaign.results}/{campaign.name}"


def pattern(name: str) -> str:
    """File of one job below the folder of the campaign, with wildcards in braces.

    Parameters
    ----------
    name : str
        Of a file of arrays or a table.
    """
    stage = registry.makers()[name]
    made = next(made for made in stage.makes if made.name == name)
    place = "" if stage.per == "campaign" else "{ensemble}/"
    if isinstance(made, Array):
        # a folder for each bundle: trajectories are many and large
        return f"{place}{made.folder}/{_NAMES[stage.per].replace('.T', '/T')}.h5"
    return f"{place}parts/{name}/{_NAMES[stage.per]}.parquet"


def label_pattern(stage: Stage) -> str:
    """Name of the log of a job (:attr:`Job.label`), with wildcards in braces."""
    if stage.per in ("ensemble", "campaign"):
        return "{ensemble}" if stage.per == "ensemble" else "all"
    return f"{{ensemble}}.{_NAMES[stage.per]}"


def file(campaign: Campaign, name: str, ensemble: str = "", index=None, temperature=None) -> str:
    """File of one job: arrays, or a part of a table.

    Parameters
    ----------
    campaign : Campaign
    name : str
        Of a file of arrays or a table.
    ensemble : str
    index : int, optional
        Of the bundle or the equilibrium run.
    temperature : float, optional
    """
    path = pattern(name).format(ensemble=ensemble, **_values(index, temperature))
    return f"{root(campaign)}/{path}"


def log_file(campaign: Campaign, job: Job) -> Path:
    """Log of a job of a stage."""
    return Path(root(campaign)) / "logs" / job.stage / f"{job.label}.log"


def record_file(campaign: Campaign, job: Job) -> Path:
    """Record of the settings that a job ran with."""
    return Path(root(campaign)) / "records" / job.stage / f"{job.label}.json"


def ensembles_of(campaign: Campaign, stage: Stage) -> list[str]:
    """Ensembles that a stage works on; one "" for a stage of the whole campaign."""
    if stage.per == "campaign":
        return [""] if stage.study in campaign.studies else []
    if stage.ensembles is not None:
        return stage.ensembles(campaign)
    return campaign.ensembles_of(stage.study) if stage.study else campaign.prepared()


def temperatures_of(campaign: Campaign, stage: Stage, ensemble: str) -> list[float | None]:
    """Temperatures at which a stage works on an ensemble; one None if it has none."""
    if stage.per != "temperature":
        return [None]
    return list(campaign.temperatures(stage.study, ensemble))


def indices_of(campaign: Campaign, stage: Stage, ensemble: str) -> list[int | None]:
    """Bundles or equilibrium runs that a stage has a job for each; else one None."""
    if stage.per in ("ensemble", "campaign"):
        return [None]
    entry = campaign.ensembles[ensemble]
    return list(entry.runs if stage.per == "run" else entry.bundles)


def samples_of(campaign: Campaign, stage: Stage, ensemble: str, index: int | None) -> range:
    """Samples that a job works on."""
    if stage.per == "campaign":
        return range(0)
    entry = campaign.ensembles[ensemble]
    if index is None:
        return range(entry.samples)
    if stage.per == "run":
        first = index * entry.snapshots
        return range(first, first + entry.snapshots_of(index))
    return entry.samples_of(index)


def jobs_of(campaign: Campaign, stage: Stage) -> list[Job]:
    """Every job of a stage."""
    return [
        Job(stage.name, name, index, temperature)
        for name in ensembles_of(campaign, stage)
        for temperature in temperatures_of(campaign, stage, name)
        for index in indices_of(campaign, stage, name)
    ]


def outputs_of(campaign: Campaign, job: Job) -> list[str]:
    """Files that a job makes."""
    return [
        file(campaign, made.name, job.ensemble, job.index, job.temperature)
        for made in registry.stages()[job.stage].makes
    ]


def previous_jobs(campaign: Campaign, job: Job, name: str) -> list[Job]:
    """Jobs that make what a job reads under one name; none where it is not needed.

    Parameters
    ----------
    campaign : Campaign
    job : Job
    name : str
        One of the `reads` of its stage.
    """
    stage = registry.stages()[job.stage]
    read = next(read for read in stage.inputs if read.name == name)
    if read.needed is not None and not read.needed(campaign, job.ensemble):
        return []
    maker = registry.makers()[name]
    source = job.ensemble if read.source is None else read.source(campaign, job.ensemble)
    if maker.per in ("ensemble", "campaign"):
        return [Job(maker.name, source if maker.per == "ensemble" else "")]
    entry = campaign.ensembles[source]
    if maker.per == "run":
        indices = entry.runs if job.index is None else entry.runs_of(job.index)
        return [Job(maker.name, source, run) for run in indices]
    bundles = list(entry.bundles) if job.index is None else [job.index]
    temperatures: list[float | None] = [None]
    if maker.per == "temperature":
        temperatures = temperatures_of(campaign, maker, source)
        if job.temperature is not None:
            temperatures = [job.temperature]
    return [Job(maker.name, source, i, t) for t in temperatures for i in bundles]


def inputs_of(campaign: Campaign, job: Job, name: str) -> list[str]:
    """Files that a job reads under one name (:func:`previous_jobs`)."""
    return [
        file(campaign, name, one.ensemble, one.index, one.temperature)
        for one in previous_jobs(campaign, job, name)
    ]


def tables(campaign: Campaign) -> list[str]:
    """Names of the tables that a campaign gathers."""
    return [
        table.name
        for stage in registry.stages().values()
        if ensembles_of(campaign, stage)
        for table in stage.tables
    ]


def parts(campaign: Campaign, table: str) -> list[str]:
    """Files that a table is gathered from."""
    return [
        file(campaign, table, job.ensemble, job.index, job.temperature)
        for job in jobs_of(campaign, registry.makers()[table])
    ]

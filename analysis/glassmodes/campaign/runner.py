"""The program that runs every stage: one job, its ranks, its unfinished work, and its outputs.

What a stage computes of one sample is a function in :mod:`glassmodes.studies`. Everything around it
stands here once: the command line, the log, the number of MPI ranks, which samples an interrupted
run had finished, a status for each sample that is left out, and the files that appear under their
names only when they are complete.

    python workflow/scripts/run_stage.py solve_modes --campaign results/demo/campaign.yaml \
        --ensemble glass --bundle 0

Finished samples lie at `<first output>.partial/` until all are done. They are thrown away if the
settings, the inputs or the revision of the stage have changed since.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassmodes import logs
from glassmodes.campaign import layout, planning, registry
from glassmodes.campaign.layout import Job
from glassmodes.campaign.settings import Campaign, load_campaign, temperature_label
from glassmodes.campaign.study import Stage
from glassmodes.ensembles import Ensemble
from glassmodes.models import GlassModel

if TYPE_CHECKING:
    import h5py
    import pandas as pd

    from glassmodes.data.resume import PartialFolder
    from glassmodes.data.structures import Glass

LEFT_OUT = "left_out"
"""Attribute of every output: for each sample that is left out the stage and the reason, as JSON."""


LONGEST_ATTRIBUTE = 60_000
"""Bytes of an attribute that HDF5 stores; it refuses 64 KiB."""


@dataclass
class Part:
    """What a stage has computed of one sample.

    Attributes
    ----------
    tables : dict of str to pandas.DataFrame
        Rows of the tables that the stage makes, without `ensemble` and `sample`.
    write : callable, optional
        Takes an HDF5 group, and fills it with the sample's arrays.
    status : str
        "ok", or why the sample is left out of everything that follows.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    write: Callable[[h5py.Group], None] | None = None
    status: str = "ok"


@dataclass
class Task:
    """One job as a stage's function finds it.

    Attributes
    ----------
    campaign : Campaign
    job : Job
    ensemble : Ensemble or None
        None for a stage of the whole campaign.
    model : GlassModel or None
    world : mpi4py.MPI.Comm or None
        None for a serial stage.
    log : logging.Logger
    files : dict of str to list of path
        Files that are read or written in place of those of the campaign's folder.
    left_out : dict of int to str
        Samples without results, and why.
    left_out_by : dict of int to str
        Stage that left such a sample out, where it is an earlier one.
    """

    campaign: Campaign
    job: Job
    ensemble: Ensemble | None
    model: GlassModel | None
    world: Any
    log: logging.Logger
    files: dict[str, list[Path]] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)
    left_out_by: dict[int, str] = field(default_factory=dict)

    @property
    def stage(self) -> Stage:
        return registry.stages()[self.job.stage]

    @property
    def samples(self) -> range:
        """Samples of the bundle, the run or the ensemble."""
        return layout.samples_of(self.campaign, self.stage, self.job.ensemble, self.job.index)

    @property
    def temperature(self) -> float | None:
        return self.job.temperature

    @property
    def leads(self) -> bool:
        """Whether this is the first rank, which writes the outputs."""
        return self.world is None or self.world.rank == 0

    @cached_property
    def attributes(self) -> dict:
        """Provenance that every output carries."""
        from glassmodes.data.storage import provenance

        model = self.model.name if self.model else ""
        found: dict[str, Any] = provenance(
            self.campaign.name, self.job.ensemble, model, self.campaign.config_hash
        )
        if self.job.index is not None:
            found["run" if self.stage.per == "run" else "bundle"] = self.job.index
        if self.job.temperature is not None:
            found["temperature"] = self.job.temperature
        return found | {"revision": self.stage.revision}

    def block(self, study: str | None = None) -> dict:
        """Settings of a study for the ensemble of the job, by default of the stage's own study.

        A stage of the whole campaign finds its blocks in `campaign.studies`.
        """
        name = self.stage.study if study is None else study
        found = self.campaign.block(name, self.job.ensemble, self.job.temperature)
        if found is None:
            raise KeyError(f"the campaign has no settings of {name} for {self.job.ensemble!r}")
        return found

    def path(self, name: str) -> Path:
        """The file that the job makes, or the only one that it reads, under a name."""
        if name not in self.files and name in {made.name for made in self.stage.makes}:
            job = self.job
            return Path(layout.file(self.campaign, name, job.ensemble, job.index, job.temperature))
        (path,) = self.paths(name)
        return path

    def paths(self, name: str) -> list[Path]:
        """The files that the job reads under a name; none where it is not needed."""
        if name in self.files:
            return self.files[name]
        return [Path(path) for path in layout.inputs_of(self.campaign, self.job, name)]

    @cached_property
    def partial(self) -> PartialFolder:
        """The folder of unfinished work, opened by the first rank."""
        from glassmodes.data.resume import PartialFolder
        from glassmodes.data.storage import content_digest

        output = self.path(self.stage.makes[0].name)
        if not self.leads:
            self.world.Barrier()
            return PartialFolder(output, {})
        settings = planning.settings_of(self.campaign, self.job)
        # a bundle that has grown keeps the samples that it had
        settings.pop("samples", None)
        inputs = {
            read.name: [content_digest(path) for path in self.paths(read.name)]
            for read in self.stage.inputs
        }
        folder = PartialFolder(output, {**settings, "inputs": inputs})
        folder.open()
        if self.world is not None:
            self.world.Barrier()
        return folder

    def usable_glasses(self) -> dict[int, Glass]:
        """Inherent structures of the bundle by sample; unusable ones are left out with a reason."""
        from glassmodes.data.storage import read_glasses

        usable = {}
        for glass in read_glasses(self.path("glasses")):
            if glass.is_usable:
                usable[glass.sample] = glass
            else:
                self.leave_out(glass.sample, glass.status, "glasses")
        return usable

    def leave_out(self, sample: int, reason: str, array: str) -> None:
        """Leave a sample out of what is made, as the maker of a file of arrays has done.

        The file itself may name an earlier stage that left the sample out.
        """
        from glassmodes.data.storage import open_file

        with open_file(self.path(array)) as file:
            earlier = json.loads(file.attrs.get(LEFT_OUT, "{}"))
        self.left_out[sample] = reason
        self.left_out_by[sample], *_ = earlier.get(str(sample), [registry.makers()[array].name])

    def samples_in(self, array: str) -> dict[int, int]:
        """Samples that a file of arrays holds; the others of the bundle are left out."""
        from glassmodes.data.storage import sample_statuses

        path = self.path(array)
        statuses = sample_statuses(path)
        for sample in self.samples:
            status = statuses.get(sample, f"not in {path}")
            if status != "ok":
                self.leave_out(sample, status, array)
        return {sample: sample for sample, status in statuses.items() if status == "ok"}

    def usable_with(self, *names: str) -> dict[int, Glass]:
        """As :meth:`usable_glasses`, of the samples that files of arrays hold as well."""
        from glassmodes.data.storage import sample_statuses

        usable = self.usable_glasses()
        for name in names:
            statuses = sample_statuses(self.path(name))
            for sample in list(usable):
                status = statuses.get(sample, f"no {name.replace('_', ' ')}")
                if status != "ok":
                    self.leave_out(sample, status, name)
                    del usable[sample]
        return usable

    def write_table(self, name: str, frames: list[pd.DataFrame]) -> None:
        """Write the part of a table from frames that have `ensemble` and `sample` already."""
        import pandas as pd

        from glassmodes.data.storage import write_table

        # an empty frame has no types of its own and would spoil those of the others
        filled = [frame for frame in frames if len(frame)] or frames[:1]
        table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
        write_table(self.path(name), table, self.output_attributes)

    @property
    def output_attributes(self) -> dict:
        """Provenance, and the samples that are left out with the reasons."""
        if not self.left_out:
            return self.attributes
        left_out = {
            str(sample): [self.left_out_by.get(sample, self.stage.name), reason]
            for sample, reason in sorted(self.left_out.items())
        }
        return self.attributes | {LEFT_OUT: json.dumps(left_out)}

    @property
    def array_attributes(self) -> dict:
        """As :attr:`output_attributes`, of a file of arrays, whose attributes must be short.

        Without the reasons its statuses still tell them.
        """
        found = self.output_attributes
        if len(found.get(LEFT_OUT, "").encode()) > LONGEST_ATTRIBUTE:
            return self.attributes
        return found

    def with_sample(self, frame: pd.DataFrame, sample: int) -> pd.DataFrame:
        """A table with `ensemble` and `sample` as its first columns (data contract)."""
        frame = frame.drop(columns=[c for c in ("ensemble", "sample") if c in frame.columns])
        frame.insert(0, "ensemble", self.job.ensemble)
        frame.insert(1, "sample", sample)
        return frame


def each_sample(
    task: Task,
    subjects: Mapping[int, Any],
    compute: Callable[[Any, Any], Part],
    *,
    team=None,
    collect: Callable[[Any, h5py.Group], None] | None = None,
    write_arrays: Callable[[list[int]], None] | None = None,
) -> None:
    """Compute what is not finished of some samples, and write the outputs of a stage.

    Parameters
    ----------
    task : Task
    subjects : mapping of int to object
        What `compute` needs of each sample, in the order of the samples.
    compute : callable
        Takes a subject and the ranks of its team (None for a serial stage), returns a
        :class:`Part`, the same on every rank of the team or on its first one alone.
    team : glassmodes.parallel.Team, optional
        How the ranks are divided: teams of `ranks_per_sample` by default.
    collect : callable, optional
        Takes a subject and an HDF5 group, and fills it from what `compute` has left in the folder
        of unfinished work: for arrays too large to be kept there a second time.
    write_arrays : callable, optional
        Takes the samples and writes the file of arrays, for a stage whose file has an arrangement
        of its own.
    """
    partial = task.partial
    team = team or _default_team(task)
    for sample in team.share(list(subjects)):
        # every rank of the team must see the same
        if team.bcast(partial.has(sample) if team.leads else None):
            task.log.info("sample %d was finished by an earlier run", sample)
            continue
        part = compute(subjects[sample], team.ranks)
        if team.leads:
            _save(task, partial, sample, part)
    if task.world is not None:
        task.world.Barrier()
    if not task.leads:
        return
    finished = []
    for sample in subjects:
        status = _status(partial.sample_path(sample))
        if status == "ok":
            finished.append(sample)
        else:
            task.left_out[sample] = status
    for sample, reason in sorted(task.left_out.items()):
        task.log.warning("sample %d is left out: %s", sample, reason)
    if write_arrays is not None:
        write_arrays(list(subjects))
    elif task.stage.arrays:
        _write_arrays(task, partial, subjects, finished, collect)
    for table in task.stage.tables:
        task.write_table(table.name, _frames(task, partial, subjects, table.name))
    partial.remove()
    task.log.info("%d of %d samples have results", len(finished), len(task.samples))


class _Alone:
    """The team of a serial stage: one process without MPI."""

    ranks = None
    leads = True

    def share(self, items):
        return items

    def bcast(self, value):
        return value


def _default_team(task):
    if task.world is None:
        return _Alone()
    from glassmodes.parallel import form_teams

    return form_teams(task.world, task.ensemble.preparation["ranks_per_sample"])


def _table_path(partial, sample, table) -> Path:
    return partial.sample_path(sample).with_suffix(f".{table}.parquet")


def _save(task, partial, sample, part) -> None:
    from glassmodes.data.storage import create_file, sample_group, write_table

    for name, frame in part.tables.items():
        write_table(_table_path(partial, sample, name), frame)
    # last: with it the sample counts as finished
    with create_file(partial.sample_path(sample), task.attributes) as file:
        file.attrs["status"] = part.status
        if part.write is not None:
            part.write(file.create_group(sample_group(sample)))


def _status(path) -> str:
    from glassmodes.data.storage import open_file

    with open_file(path) as file:
        return str(file.attrs["status"])


def _frames(task, partial, samples, table) -> list[pd.DataFrame]:
    from glassmodes.data.storage import read_table

    paths = {sample: _table_path(partial, sample, table) for sample in samples}
    frames = [
        task.with_sample(read_table(path), sample)
        for sample, path in paths.items()
        if path.is_file()
    ]
    for frame in frames:
        frame.attrs = {}
    return frames


def _write_arrays(task, partial, subjects, finished, collect) -> None:
    import h5py
    import numpy as np

    from glassmodes.data.storage import create_file, open_file, sample_group

    (array,) = task.stage.arrays
    samples = sorted({*subjects, *task.left_out})
    with create_file(task.path(array.name), task.array_attributes) as file:
        for sample in finished:
            name = sample_group(sample)
            if collect is not None:
                collect(subjects[sample], file.create_group(name))
                continue
            with open_file(partial.sample_path(sample)) as part:
                if name in part:
                    part.copy(name, file)
        file["sample"] = np.array(samples, dtype=int)
        file.create_dataset(
            "status",
            data=[task.left_out.get(sample, "ok") for sample in samples],
            dtype=h5py.string_dtype("utf-8"),
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run_stage", description="Run one job of a stage of a campaign."
    )
    parser.add_argument("stage", choices=list(registry.stages()), metavar="STAGE", help="its name")
    parser.add_argument("--campaign", required=True, help="campaign file")
    parser.add_argument("--ensemble", default="", help="name of the ensemble")
    parser.add_argument("--bundle", type=int, help="index of the bundle")
    parser.add_argument("--run", type=int, help="index of the equilibrium run")
    parser.add_argument("--temperature", type=float, help="temperature of the runs")
    parser.add_argument("--ranks", type=int, help="MPI ranks that this program must find")
    parser.add_argument("--log", help="log file; stderr alone without it")
    parser.add_argument(
        *("--file", "-f"),
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="read or write this file in place of the campaign's own, such as "
        "glasses=elsewhere.h5; for trying a stage by hand",
    )
    return parser


def _job(parser, arguments, campaign) -> Job:
    """The job that the command line asks for; ends with a message if there is none."""
    stage = registry.stages()[arguments.stage]
    ensembles = layout.ensembles_of(campaign, stage)
    if not ensembles:
        parser.error(f"{stage.name}: the campaign asks for nothing that it makes")
    if arguments.ensemble not in ensembles:
        given = (
            f"--ensemble {arguments.ensemble}" if arguments.ensemble else "--ensemble is missing"
        )
        allowed = "the whole campaign" if ensembles == [""] else ", ".join(ensembles)
        parser.error(f"{given}: {stage.name} works on {allowed}")
    wanted = {"bundle": ("bundle",), "temperature": ("bundle", "temperature"), "run": ("run",)}
    for option in ("bundle", "run", "temperature"):
        value = getattr(arguments, option)
        if option in wanted.get(stage.per, ()) and value is None:
            parser.error(f"--{option} is missing: {stage.name} works on one at a time")
        if option not in wanted.get(stage.per, ()) and value is not None:
            parser.error(f"--{option} {value}: {stage.name} works on no single {option}")
    index = arguments.run if stage.per == "run" else arguments.bundle
    indices = layout.indices_of(campaign, stage, arguments.ensemble)
    if index not in indices:
        what = "run" if stage.per == "run" else "bundle"
        parser.error(f"--{what} {index}: allowed: 0 to {indices[-1]}")
    if stage.per != "temperature":
        return Job(stage.name, arguments.ensemble, index)
    # file names keep six digits
    labels = {
        temperature_label(t): t
        for t in layout.temperatures_of(campaign, stage, arguments.ensemble)
        if t is not None
    }
    label = temperature_label(arguments.temperature)
    if label not in labels:
        parser.error(f"--temperature {label}: allowed: {', '.join(labels)}")
    return Job(stage.name, arguments.ensemble, index, labels[label])


def _files(parser, entries, campaign, job) -> dict[str, list[Path]]:
    """Files that stand in for the campaign's own; ends with a message if they cannot."""
    stage = registry.stages()[job.stage]
    makers = {read.name: registry.makers()[read.name] for read in stage.inputs}
    known = [*makers, *(made.name for made in stage.makes)]
    files: dict[str, list[Path]] = {}
    for entry in entries:
        name, separator, path = entry.partition("=")
        if not separator or not path or name not in known:
            parser.error(f"--file {entry}: write NAME=PATH, NAME one of {', '.join(known)}")
        files.setdefault(name, []).append(Path(path))
    for name, paths in files.items():
        wanted = len(layout.inputs_of(campaign, job, name)) if name in makers else 1
        # what is not needed may be given all the same
        if wanted and len(paths) != wanted:
            jobs = f"{makers[name].per}s" if name in makers else "job"
            parser.error(f"--file {name}: {len(paths)} files for {wanted} {jobs}")
    return files


def main(argv=None) -> None:
    """Run the program; `--help` says how.

    Raises
    ------
    glassmodes.parallel.RankError, glassmodes.campaign.settings.CampaignError
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    stage = registry.stages()[arguments.stage]
    title = f"{stage.name} {arguments.ensemble}".strip()
    for letter, index in (("b", arguments.bundle), ("r", arguments.run)):
        title += "" if index is None else f" {letter}{index:04d}"
    if arguments.temperature is not None:
        title += f" T={arguments.temperature:g}"
    world = None
    if stage.is_parallel:
        # the environment's MPI must be loaded before LAMMPS or PETSc
        from mpi4py import MPI

        from glassmodes.parallel import communicator

        logs.set_up(arguments.log, title, MPI.COMM_WORLD.rank)
        world = communicator(arguments.ranks)
    else:
        logs.set_up(arguments.log, title)
    campaign = load_campaign(Path(arguments.campaign))
    job = _job(parser, arguments, campaign)
    files = _files(parser, arguments.file, campaign, job)
    ensemble = campaign.ensembles[job.ensemble] if job.ensemble else None
    model = campaign.models[ensemble.model] if ensemble else None
    task = Task(campaign, job, ensemble, model, world, logging.getLogger(logs.PROGRAM), files)
    stage.run(task)
    if task.leads and not files:
        write_record(task)


def write_record(task: Task) -> None:
    """Keep the settings that the job ran with, by which plans say what has changed."""
    from glassmodes.data.storage import atomic_path, versions

    settings = planning.settings_of(task.campaign, task.job)
    content = {"settings": settings, "versions": versions()}
    with atomic_path(layout.record_file(task.campaign, task.job)) as path:
        path.write_text(json.dumps(content, indent=1) + "\n")


def changed_setting(campaign: Campaign, job: Job) -> str | None:
    """Why the results of a job are made again: the first setting that differs from its record.

    Returns
    -------
    str or None
        Such as "modes.request.lowest: 50 -> 60"; None if nothing has changed, or if there is no
        record (results that somebody else made count as they are).
    """
    try:
        known = json.loads(layout.record_file(campaign, job).read_text())["settings"]
    except (OSError, ValueError, KeyError):
        return None
    now = json.loads(planning.settings_text(campaign, job))
    return first_difference(known, now)


def first_difference(old, new, path: str = "") -> str | None:
    """The first key, or the whole value, by which two plain settings differ, as text."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            below = f"{path}.{key}" if path else key
            if key not in old:
                return f"{below}: not set -> {_shown(new[key])}"
            if key not in new:
                return f"{below}: {_shown(old[key])} -> not set"
            found = first_difference(old[key], new[key], below)
            if found:
                return found
        return None
    blocks = isinstance(old, list) and isinstance(new, list) and len(old) == len(new)
    if blocks and all(isinstance(one, dict) for one in (*old, *new)):
        pairs = enumerate(zip(old, new, strict=True))
        differ = (first_difference(*pair, f"{path}[{index}]") for index, pair in pairs)
        return next(filter(None, differ), None)
    return None if old == new else f"{path}: {_shown(old)} -> {_shown(new)}"


def _shown(value) -> str:
    if isinstance(value, list) and len(value) > 4 and all(isinstance(v, int) for v in value):
        return f"{value[0]} to {value[-1]}"
    return json.dumps(value)

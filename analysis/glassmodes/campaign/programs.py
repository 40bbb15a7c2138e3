"""What all programs of the workflow share: their common arguments, campaign, log and ranks."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from glassmodes import logs
from glassmodes.campaign.settings import Campaign, load_campaign
from glassmodes.ensembles import Ensemble
from glassmodes.models import GlassModel


def argument_parser(
    description: str, *, parallel: bool = False, unit: str = "bundle"
) -> argparse.ArgumentParser:
    """Parser with the arguments of every program that works on one bundle, or one run.

    Parameters
    ----------
    description : str
        The program's docstring; its first paragraph is shown.
    parallel : bool
        Whether it runs on several MPI ranks.
    unit : {"bundle", "run"}
        What the program works on.
    """
    parser = argparse.ArgumentParser(description=description.partition("\n\n")[0])
    parser.add_argument("--campaign", required=True, help="campaign file")
    parser.add_argument("--ensemble", required=True, help="name of the ensemble")
    parser.add_argument(f"--{unit}", required=True, type=int, help=f"index of the {unit}")
    parser.add_argument("--log", help="log file; stderr alone without it")
    if parallel:
        parser.add_argument("--ranks", type=int, help="MPI ranks that this program must find")
    return parser


@dataclass(frozen=True)
class Task:
    """One bundle of one ensemble, or one of its equilibrium runs, as a program finds it.

    Attributes
    ----------
    campaign : Campaign
    ensemble : Ensemble
    model : GlassModel
    bundle : int or None
    run : int or None
    attributes : dict
        Provenance that every output carries.
    """

    campaign: Campaign
    ensemble: Ensemble
    model: GlassModel
    bundle: int | None
    run: int | None
    attributes: dict

    @property
    def samples(self) -> range:
        return self.ensemble.samples_of(self.bundle)


def begin(arguments: argparse.Namespace, title: str):
    """Set up the log, check the ranks, and read the campaign.

    Parameters
    ----------
    arguments : argparse.Namespace
        Of :func:`argument_parser`.
    title : str
        Name of the program, in front of every line on stderr.

    Returns
    -------
    task : Task
    world : mpi4py.MPI.Comm or None
        None for serial programs.

    Raises
    ------
    glassmodes.parallel.RankError, glassmodes.campaign.settings.CampaignError
    """
    world = None
    bundle, run = (getattr(arguments, unit, None) for unit in ("bundle", "run"))
    place = f"b{bundle:04d}" if run is None else f"r{run:04d}"
    where = f"{title} {arguments.ensemble} {place}"
    if hasattr(arguments, "ranks"):
        # the environment's MPI must be loaded before LAMMPS or PETSc
        from mpi4py import MPI

        from glassmodes.parallel import communicator

        logs.set_up(arguments.log, where, MPI.COMM_WORLD.rank)
        world = communicator(arguments.ranks)
    else:
        logs.set_up(arguments.log, where)
    from glassmodes.data.storage import provenance

    campaign = load_campaign(Path(arguments.campaign))
    ensemble = campaign.ensembles[arguments.ensemble]
    attributes = provenance(campaign.name, ensemble.name, ensemble.model, campaign.config_hash)
    attributes |= {"bundle": bundle} if run is None else {"run": run}
    model = campaign.models[ensemble.model]
    task = Task(campaign, ensemble, model, bundle, run, attributes)
    return task, world


def with_sample(frame, task: Task, sample: int):
    """A table with `ensemble` and `sample` as its first columns (data contract)."""
    frame = frame.drop(columns=[c for c in ("ensemble", "sample") if c in frame.columns])
    frame.insert(0, "ensemble", task.ensemble.name)
    frame.insert(1, "sample", sample)
    return frame


def write_part(path, frames, task: Task) -> None:
    """Write a part of a table from the frames of its samples, of which there may be none."""
    import pandas as pd

    from glassmodes.data.storage import write_table

    # an empty frame has no types of its own and would spoil those of the others
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
    write_table(path, table, task.attributes)

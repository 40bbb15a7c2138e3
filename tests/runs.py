"""One job of a stage, run in this process on glasses that a test has made."""

from __future__ import annotations

import logging
from pathlib import Path

from glassmodes.campaign import registry
from glassmodes.campaign.layout import Job
from glassmodes.campaign.runner import Task
from glassmodes.campaign.settings import Campaign
from glassmodes.data.storage import open_file, write_glasses
from glassmodes.ensembles import Ensemble


def run_in_process(stage, path, model, glasses, block, *, seed=3, world=None, ranks_per_sample=1):
    """Run a stage that makes one file of arrays of runs at one temperature.

    No campaign file is checked, so that a test may ask for what a campaign must not.

    Parameters
    ----------
    stage : str
    path : path
        The file that is made.
    model : GlassModel
    glasses : list of Glass
    block : dict
        Settings of the study; `temperatures` holds the one of the job.
    seed, ranks_per_sample : int
    world : mpi4py.MPI.Comm, optional
        This process alone by default.

    Returns
    -------
    dict of int to dict
        Attributes of each sample's group.
    """
    from mpi4py import MPI

    declared, path = registry.stages()[stage], Path(path)
    world = MPI.COMM_SELF if world is None else world
    given = path.with_suffix(".glasses.h5")
    if world.rank == 0:
        write_glasses(given, glasses, model, {})
    world.Barrier()
    (temperature,) = block["temperatures"]
    particles, samples = len(glasses[0].positions), len(glasses)
    preparation = {"protocol": "quench", "ranks_per_sample": ranks_per_sample}
    ensemble = Ensemble("glass", model.name, particles, samples, samples, preparation)
    campaign = Campaign(
        name="test",
        seed=seed,
        papers=(),
        figures=(),
        ensembles={ensemble.name: ensemble},
        studies={declared.study: [{"ensembles": [ensemble.name], **block}]},
        models={model.name: model},
        settings={},
        config_hash="",
        results=str(path.parent),
    )
    job = Job(stage, ensemble.name, 0, temperature)
    files = {"glasses": [given], declared.arrays[0].name: [path]}
    log = logging.getLogger("program")
    declared.run(Task(campaign, job, ensemble, model, world, log, files))
    if world.rank != 0:
        return {}
    with open_file(path) as file:
        groups = [name for name in file if name.startswith("s0")]
        return {int(name[1:]): dict(file[name].attrs) for name in groups}

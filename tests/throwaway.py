"""A study of dice and one of spins, written to a folder and declared for as long as a test runs."""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager

import glassmodes.studies
from glassmodes.campaign import registry, settings

DICE = '''
"""Dice that are thrown, and the means of what they show."""

from pydantic import Field

from glassmodes.campaign.estimates import Estimate
from glassmodes.campaign.runner import Part, each_sample
from glassmodes.campaign.study import Array, Stage, Study
from glassmodes.campaign.validation import EnsembleStudySettings
from glassmodes.data.columns import SAMPLE, Column, Table

LOST = {}
"""Samples without results, and why, by stage."""

STOPPED_AT = set()
"""Stages and samples at which a run is interrupted."""

COMPUTED = []
"""Stages and samples, one after another."""


class Settings(EnsembleStudySettings):
    """Dice."""

    throws: int = Field(5, ge=1, le=100, description="Throws of each sample.")
    colour: str = Field("red", max_length=20, description="It changes no result.")


EYES = Array("eyes", "dice")
THROWS = Table(
    "throws",
    (*SAMPLE, Column("throw", "integer", "0-based"), Column("eyes", "integer", "on top")),
)
MEANS = Table("means", (*SAMPLE, Column("mean", "number", "of all throws")))


def estimate(campaign, ensemble, temperature=None):
    throws = campaign.block("dice", ensemble)["throws"]
    return Estimate(memory=1e6, core_seconds=1e-3 * throws, disk=8.0 * throws)


def begin(stage, sample):
    if (stage, sample) in STOPPED_AT:
        raise KeyboardInterrupt
    COMPUTED.append((stage, sample))
    return LOST.get((stage, sample))


def throw(task):
    import numpy as np
    import pandas as pd

    from glassmodes.randomness import random_stream

    throws = task.block()["throws"]

    def compute(sample, ranks):
        lost = begin("throw_dice", sample)
        if lost:
            return Part(status=lost)
        stream = random_stream(task.campaign.seed, task.ensemble.name, sample, "dice")
        eyes = stream.integers(1, 7, throws)

        def write(group):
            group["eyes"] = eyes

        rows = pd.DataFrame({"throw": np.arange(throws), "eyes": eyes})
        return Part({"throws": rows}, write)

    each_sample(task, {sample: sample for sample in task.samples}, compute)


def average(task):
    import pandas as pd

    from glassmodes.data.storage import open_file, sample_group

    def compute(sample, ranks):
        lost = begin("average_dice", sample)
        if lost:
            return Part(status=lost)
        with open_file(task.path("eyes")) as file:
            mean = file[sample_group(sample)]["eyes"][...].mean()
        return Part({"means": pd.DataFrame([{"mean": mean}])})

    each_sample(task, task.samples_in("eyes"), compute)


STUDY = Study(
    name="dice",
    settings=Settings,
    stages=(
        Stage(
            name="throw_dice",
            per="bundle",
            makes=(EYES, THROWS),
            run=throw,
            estimate=estimate,
            ignores=("colour",),
        ),
        Stage(
            name="average_dice",
            per="bundle",
            reads=("eyes",),
            makes=(MEANS,),
            run=average,
            estimate=estimate,
            ignores=("colour",),
        ),
    ),
)
'''

SPINS = '''
"""Spins that interact all with all: a study that is made of no ensemble."""

from pydantic import Field

from glassmodes.campaign.estimates import Estimate
from glassmodes.campaign.study import Stage, Study
from glassmodes.campaign.validation import StudySettings
from glassmodes.data.columns import Column, Table


class Settings(StudySettings):
    """Spins."""

    spins: int = Field(4, ge=1, le=20, description="Number of spins.")


ENERGIES = Table(
    "spin_energies",
    (Column("spins", "integer", "number"), Column("energy", "number", "of all spins alike")),
)


def estimate(campaign, ensemble=None, temperature=None):
    return Estimate(memory=1e6, core_seconds=1.0, disk=100.0)


def solve(task):
    import pandas as pd

    assert task.ensemble is None and task.model is None and not task.samples
    rows = [
        {"spins": block["spins"], "energy": -0.5 * (block["spins"] - 1.0)}
        for block in task.campaign.studies["spins"]
    ]
    task.write_table("spin_energies", [pd.DataFrame(rows)])


STUDY = Study(
    name="spins",
    settings=Settings,
    stages=(
        Stage(
            name="solve_spins", per="campaign", makes=(ENERGIES,), run=solve, estimate=estimate
        ),
    ),
)
'''

CACHED = (
    *(registry.studies, registry.stages, registry.makers, registry.tables, registry.arrays),
    settings.schema,
)
"""What is known of the studies once they have been looked for."""


def write_studies(folder) -> None:
    """Write both modules to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dice.py").write_text(DICE)
    (folder / "spins.py").write_text(SPINS)


@contextmanager
def declared(folder):
    """Context manager: the modules of a folder are studies of the package.

    Parameters
    ----------
    folder : pathlib.Path
        Whose modules are found beside those of :mod:`glassmodes.studies`.
    """
    names = [f"glassmodes.studies.{path.stem}" for path in folder.glob("*.py")]
    glassmodes.studies.__path__.append(str(folder))
    importlib.invalidate_caches()
    try:
        for cached in CACHED:
            cached.cache_clear()
        yield
    finally:
        glassmodes.studies.__path__.remove(str(folder))
        for name in names:
            sys.modules.pop(name, None)
            # a module that was imported is an attribute of its package, too
            vars(glassmodes.studies).pop(name.rpartition(".")[2], None)
        for cached in CACHED:
            cached.cache_clear()

"""Studies and their stages, declared: what follows from a declaration is written nowhere else.

A study is what a campaign asks for (modes, lifetimes, ...): its settings, and the stages that it
takes. A stage is one rule of the workflow: what it reads and makes, what one sample costs, and the
function that computes it. From the declarations follow the keys of campaign files, the names of
files, the rules, the programs, plans, the tables that are gathered and how they are checked. A
module of :mod:`glassmodes.studies` that has a `STUDY` adds one; nothing else is edited.

Modules with declarations are cheap to import, as every job of a cluster imports them all: what a
stage computes imports its libraries itself, when it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glassmodes.data.columns import Table

if TYPE_CHECKING:
    from glassmodes.campaign.estimates import Estimate

PER = ("bundle", "temperature", "run", "ensemble", "campaign")
"""What one job of a stage works on: a bundle of samples; a bundle at one temperature; an
equilibrium run of a liquid; a whole ensemble; the whole campaign, which may have no ensemble."""

SHARING = ("one", "samples", "work", "time", "frames")
"""How a stage uses MPI ranks: see :attr:`Stage.ranks`."""


@dataclass(frozen=True)
class Array:
    """A file of arrays (HDF5), one for each job of the stage that makes it.

    Attributes
    ----------
    name : str
        By which stages name it in what they read.
    folder : str
        Below the folder of the ensemble.
    """

    name: str
    folder: str


@dataclass(frozen=True)
class Read:
    """A file, or the part of a table, that a stage reads from another stage.

    Attributes
    ----------
    name : str
        Of an :class:`Array` or a table.
    source : callable, optional
        Takes the campaign and the name of an ensemble, returns the ensemble whose file is read;
        the same one by default.
    needed : callable, optional
        Takes the campaign and the name of an ensemble; whether it is read at all.
    """

    name: str
    source: Callable | None = None
    needed: Callable | None = None


@dataclass(frozen=True)
class Stage:
    """One rule of the workflow.

    Attributes
    ----------
    name : str
        A verb and a noun; of the rule, its logs and its records.
    per : str
        One of :data:`PER`.
    makes : tuple of Array or Table
        The first one is where unfinished work lies meanwhile (`<file>.partial/`).
    run : callable
        Takes a :class:`glassmodes.campaign.runner.Task`, and makes the files.
    estimate : callable
        Takes the campaign, the name of an ensemble (None for a stage of the campaign) and a
        temperature (or None), returns the :class:`~glassmodes.campaign.estimates.Estimate` of one
        sample; of the whole job if `per` is "ensemble" or "campaign".
    reads : tuple of Read or str
        What it waits for; a name stands for `Read(name)`.
    settings : tuple of str
        Studies whose settings its results depend on, besides its own.
    ranks : str
        "one" process; "samples" shared out among teams of `ranks_per_sample`, or, of short "work",
        among as many as make it an hour's; all on one sample after another, as many as its "time"
        asks for; or "frames" of each sample.
    revision : int
        Raised when a stage computes something else from the same settings and inputs: its results
        are then made again, whatever the version of the software. `CHANGELOG.md` says why.
    ignores : tuple of str
        Settings of its own study that change none of its results.
    ensembles : callable, optional
        Takes the campaign, returns the names of the ensembles that it works on; those of its study
        by default.
    temporary : (str, callable), optional
        Name of a second rule, whose files Snakemake removes once all that follows is made, and
        which takes the campaign and the name of an ensemble and says whether it is used.
    study : str
        Name of its study, filled in by :class:`Study`.
    """

    name: str
    per: str
    makes: tuple[Array | Table, ...]
    run: Callable
    estimate: Callable[..., Estimate]
    reads: tuple[Read | str, ...] = ()
    settings: tuple[str, ...] = ()
    ranks: str = "one"
    revision: int = 1
    ignores: tuple[str, ...] = ()
    ensembles: Callable | None = None
    temporary: tuple[str, Callable] | None = None
    study: str = ""

    def __post_init__(self):
        if self.per not in PER:
            raise ValueError(f"stage {self.name}: per={self.per!r} is not among {', '.join(PER)}")
        if self.ranks not in SHARING:
            raise ValueError(
                f"stage {self.name}: ranks={self.ranks!r} is not among {', '.join(SHARING)}"
            )
        if not self.makes:
            raise ValueError(f"stage {self.name}: it makes nothing")

    @property
    def inputs(self) -> tuple[Read, ...]:
        """What it reads, each as a :class:`Read`."""
        return tuple(Read(one) if isinstance(one, str) else one for one in self.reads)

    @property
    def tables(self) -> tuple[Table, ...]:
        """Tables whose parts it writes."""
        return tuple(one for one in self.makes if isinstance(one, Table))

    @property
    def arrays(self) -> tuple[Array, ...]:
        """Files of arrays that it writes."""
        return tuple(one for one in self.makes if isinstance(one, Array))

    @property
    def is_parallel(self) -> bool:
        """Whether its program runs under `mpiexec`."""
        return self.ranks != "one"

    @property
    def reads_studies(self) -> tuple[str, ...]:
        """Studies whose settings its results depend on."""
        return tuple(dict.fromkeys((*self.settings, *((self.study,) if self.study else ()))))


@dataclass(frozen=True)
class Study:
    """One study of a campaign.

    Attributes
    ----------
    name : str
        Its key below `studies:` of a campaign file; "" for the preparation of the samples, which
        every other study rests on.
    settings : type
        Pydantic class of one block of the study; None where a campaign file has no such key.
    needs : tuple of str
        Studies that a campaign must ask for of the same ensembles.
    stages : tuple of Stage
    faults : callable, optional
        What is wrong with a block beyond the types and bounds of its settings
        (:mod:`glassmodes.campaign.validation`).
    temperatures : str
        Study whose blocks give the temperatures at which it is made: its own name for runs, ""
        for what has none.
    """

    name: str
    settings: type | None = None
    needs: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    faults: Callable | None = None
    temperatures: str = ""

    def __post_init__(self):
        filled = tuple(replace(stage, study=self.name) for stage in self.stages)
        object.__setattr__(self, "stages", filled)

"""MPI ranks: their number is checked, samples are shared out among groups of them, and an error
on one of them ends all.

A launcher that does not speak the library's protocol starts N copies of "rank 0 of 1" without a
word (MPICH under `srun --mpi=pmix`), which then overwrite each other's results. So every program
says how many ranks it was asked to run on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mpi4py import MPI


class RankError(RuntimeError):
    """A program that runs on another number of ranks than it was asked to."""


def communicator(expected_ranks: int | None = None) -> MPI.Comm:
    """All ranks of this run.

    Parameters
    ----------
    expected_ranks : int, optional
        Ranks that were asked for; nothing is checked without it.

    Raises
    ------
    RankError
        Naming the number asked for and the number found.
    """
    world = MPI.COMM_WORLD
    if expected_ranks is not None and world.size != expected_ranks:
        reason = (
            "the launcher and the MPI library do not know each other (MPICH needs "
            "`srun --mpi=pmi2` or its own mpiexec)"
            if world.size == 1
            else "the launcher was given another number than --ranks"
        )
        raise RankError(f"asked for {expected_ranks} ranks, found {world.size}: {reason}")
    return world


@dataclass(frozen=True)
class Team:
    """Ranks that work on the same samples.

    Attributes
    ----------
    world : MPI.Comm
    ranks : MPI.Comm
        This team's own.
    index, count : int
        This team among all.
    """

    world: MPI.Comm
    ranks: MPI.Comm
    index: int
    count: int

    def share(self, items: Sequence) -> list:
        """Items of this team."""
        return distribute(items, self.index, self.count)

    @property
    def leads(self) -> bool:
        """Whether this rank writes for its team."""
        return self.ranks.rank == 0

    def bcast(self, value):
        """The value of the rank that leads, on every rank of the team."""
        return self.ranks.bcast(value)


def form_teams(world: MPI.Comm, ranks_per_team: int) -> Team:
    """Divide all ranks into teams of a fixed size.

    Parameters
    ----------
    world : MPI.Comm
    ranks_per_team : int
        The size matters to a sample's rounding, so it never follows from the number of ranks.

    Raises
    ------
    RankError
        If the ranks cannot be divided so.
    """
    if world.size % ranks_per_team:
        raise RankError(f"{world.size} ranks cannot be divided into teams of {ranks_per_team}")
    index = world.rank // ranks_per_team
    return Team(world, world.Split(index, world.rank), index, world.size // ranks_per_team)


def widest_teams(world: MPI.Comm, items: int, least: int = 1) -> Team:
    """Divide all ranks into as many teams as there are items, or as few as their size allows.

    For work whose result does not depend on the number of ranks. All teams are of one size: the
    smallest that divides the number of ranks and leaves none without an item.

    Parameters
    ----------
    world : MPI.Comm
    items : int
    least : int
        Ranks of a team.

    Raises
    ------
    RankError
        If there are not so many ranks.
    """
    if world.size < least:
        raise RankError(f"{world.size} ranks cannot be divided into teams of {least} or more")
    teams = min(max(items, 1), world.size // least)
    while world.size % teams:
        teams -= 1
    return form_teams(world, world.size // teams)


def distribute(items: Sequence, rank: int, size: int) -> list:
    """Items of one rank when they are dealt round-robin over `size` ranks."""
    return list(items[rank::size])

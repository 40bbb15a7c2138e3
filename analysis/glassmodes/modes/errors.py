"""What can go wrong when a spectrum is asked for."""

from __future__ import annotations


class ModeError(RuntimeError):
    """A spectrum could not be computed, or what was computed fails its own checks."""


class ModeRequestError(ModeError, ValueError):
    """A request that no solver can meet: too many modes, an empty interval, an unknown method."""


class ConvergenceError(ModeError):
    """A solver that ended without all modes asked for; from another start it may find them."""


class IncompleteSpectrumError(ConvergenceError):
    """The inertia of the shifted Hessian counts modes that the solver did not return.

    Parameters
    ----------
    expected, found : int
        Modes below the frequency checked, by inertia and by the solver.
    where : str
        The interval, as the message names it.

    Attributes
    ----------
    expected, found, where
        As given.
    """

    def __init__(self, expected: int, found: int, where: str):
        # all of them are arguments of the exception: it is built from these on another rank
        super().__init__(expected, found, where)
        self.expected, self.found, self.where = expected, found, where

    def __str__(self):
        return f"{self.where}: inertia counts {self.expected} modes, the solver found {self.found}"


class MemoryLimitError(ModeError):
    """A factorisation would not fit in the memory allowed."""

"""What can go wrong when a spectrum is asked for."""

from __future__ import annotations


class ModeError(RuntimeError):
    """A spectrum could not be computed, or what was computed fails its own checks."""


class ModeRequestError(ModeError, ValueError):
    """A request that no solver can meet: too many modes, an empty interval, an unknown method."""


class IncompleteSpectrumError(ModeError):
    """The inertia of the shifted Hessian counts modes that the solver did not return.

    Attributes
    ----------
    expected, found : int
        Modes below the frequency checked, by inertia and by the solver.
    """

    def __init__(self, expected: int, found: int, where: str):
        self.expected, self.found = expected, found
        super().__init__(f"{where}: inertia counts {expected} modes, the solver found {found}")


class MemoryLimitError(ModeError):
    """A factorisation would not fit in the memory allowed."""

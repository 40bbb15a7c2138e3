"""What modes are asked for, checked against the size of the system before any work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glassmodes.modes.errors import ModeRequestError


@dataclass(frozen=True)
class Request:
    """One of: all modes, the lowest so many, all below a frequency.

    Attributes
    ----------
    lowest : int or None
    below : float or None
        Angular frequency, reduced units. Both None: the full spectrum.
    """

    lowest: int | None = None
    below: float | None = None

    @property
    def everything(self) -> bool:
        return self.lowest is None and self.below is None


def parse_request(request: Mapping | Request, size: int, dimension: int) -> Request:
    """Check a request.

    Parameters
    ----------
    request : dict
        ``{"all": True}``, ``{"lowest": n}`` or ``{"below": w}``.
    size : int
        d N.
    dimension : int
        d; as many rigid translations are no modes.

    Returns
    -------
    Request

    Raises
    ------
    ModeRequestError
        Naming the key, its value and what is allowed.
    """
    room = size - dimension
    if isinstance(request, Request):
        request = {
            key: value
            for key, value in (("lowest", request.lowest), ("below", request.below))
            if value is not None
        } or {"all": True}
    if len(request) != 1 or next(iter(request)) not in ("all", "lowest", "below"):
        raise ModeRequestError(
            f"mode request {dict(request)}: give exactly one of all, lowest, below"
        )
    key, value = next(iter(request.items()))
    if key == "all":
        if value is not True:
            raise ModeRequestError(f"mode request all = {value!r}: only true is allowed")
        return Request()
    if key == "lowest":
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ModeRequestError(f"mode request lowest = {value!r}: a positive integer is needed")
        if value > room:
            raise ModeRequestError(
                f"mode request lowest = {value}: {size // dimension} particles in {dimension} "
                f"dimensions have {room} modes (the {dimension} translations are left out)"
            )
        return Request(lowest=int(value)) if value < room else Request()
    if isinstance(value, bool) or not np.isfinite(value) or value <= 0:
        raise ModeRequestError(f"mode request below = {value!r}: a positive frequency is needed")
    return Request(below=float(value))

"""Observables of trajectories: mean-squared displacement, time series and their checks."""

from analysis.observables.displacement import (
    logarithmic_lags,
    mean_squared_displacement,
    mean_squared_displacement_direct,
    mean_squared_displacement_fft,
)
from analysis.observables.time_series import dynamics_checks, time_series

__all__ = [
    "dynamics_checks",
    "logarithmic_lags",
    "mean_squared_displacement",
    "mean_squared_displacement_direct",
    "mean_squared_displacement_fft",
    "time_series",
]

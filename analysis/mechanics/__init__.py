"""Elastic response of a glass."""

from analysis.mechanics.moduli import (
    ElasticModuli,
    MechanicsError,
    elastic_moduli,
    nonaffine_velocity,
    sound_speeds,
)

__all__ = [
    "ElasticModuli",
    "MechanicsError",
    "elastic_moduli",
    "nonaffine_velocity",
    "sound_speeds",
]

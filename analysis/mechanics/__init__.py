"""Elastic response of a glass."""

from analysis.mechanics.debye import (
    debye_frequency,
    debye_level,
    debye_wave_number,
    sound_speeds,
)
from analysis.mechanics.moduli import (
    ElasticModuli,
    MechanicsError,
    elastic_moduli,
    nonaffine_velocity,
)

__all__ = [
    "ElasticModuli",
    "MechanicsError",
    "debye_frequency",
    "debye_level",
    "debye_wave_number",
    "elastic_moduli",
    "nonaffine_velocity",
    "sound_speeds",
]

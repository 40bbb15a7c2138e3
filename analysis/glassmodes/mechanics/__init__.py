"""Linear elastic response of glasses: moduli, non-affine motion, sound and Debye frequency."""

from glassmodes.mechanics.debye import (
    debye_frequency,
    debye_level,
    debye_level_of_tensor,
    debye_wave_number,
    sound_speeds,
)
from glassmodes.mechanics.moduli import (
    ElasticModuli,
    MechanicsError,
    elastic_moduli,
    elastic_tensor,
    nonaffine_velocity,
    shear_strains,
    strain_derivatives,
)

__all__ = [
    "ElasticModuli",
    "MechanicsError",
    "debye_frequency",
    "debye_level",
    "debye_level_of_tensor",
    "debye_wave_number",
    "elastic_moduli",
    "elastic_tensor",
    "nonaffine_velocity",
    "shear_strains",
    "sound_speeds",
    "strain_derivatives",
]

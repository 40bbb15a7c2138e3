"""What was tested about the far field of rearrangements, which two papers state to be steep."""

TESTED = (
    "no decay steeper than the elastic one is found: a force dipole in a periodic box has a = 1.86 "
    "to 2.01 in this range of distances. Tested: the far field relaxes last, so that one event of "
    "N = 4,000, minimised to a largest force of 0.3, 0.1, 0.03, 0.01 and 1e-4, has a = 4.2, 2.7, "
    "2.2, 2.1 and 2.01; the paper does not state its tolerance"
)
"""Why an exponent of 2.5 to 3 is contradicted."""

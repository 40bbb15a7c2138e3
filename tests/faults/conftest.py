"""Faults are injected by `make faults` alone: they take minutes."""

import os

import pytest

ASKED = "FAULT_KILLS"


@pytest.fixture(scope="session")
def kills():
    """How often the campaign is killed."""
    if not os.environ.get(ASKED):
        pytest.skip("faults are injected by `make faults`")
    return int(os.environ[ASKED])

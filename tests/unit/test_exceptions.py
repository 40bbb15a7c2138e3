"""Every exception of the package survives a pickle, in which it travels between ranks."""

import importlib
import inspect
import pickle
import pkgutil

import glassmodes
import pytest

VALUES = {"int": 7, "float": 0.5, "str": "between 1 and 2"}
"""A value for each type that a constructor of our own may ask for."""


def exceptions():
    """All exception classes that modules of the package define."""
    found = set()
    for module in pkgutil.walk_packages(glassmodes.__path__, "glassmodes."):
        members = inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        found |= {kind for _, kind in members if issubclass(kind, BaseException) and is_own(kind)}
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


def is_own(kind):
    return kind.__module__.split(".")[0] == "glassmodes"


def instance(kind):
    """One of a class, made as its constructor says."""
    if not any("__init__" in vars(base) for base in kind.__mro__ if is_own(base)):
        return kind("file.h5: key: what went wrong")
    parameters = inspect.signature(kind).parameters.values()
    return kind(*(VALUES[parameter.annotation] for parameter in parameters))


def test_there_are_exceptions():
    names = {kind.__name__ for kind in exceptions()}
    assert {"CampaignError", "IncompleteSpectrumError", "RankError", "StorageError"} <= names


@pytest.mark.parametrize("kind", exceptions(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_an_exception_travels_between_ranks(kind, protocol):
    error = instance(kind)
    error.add_note("of sample 3")
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is kind
    assert str(again) == str(error) and str(error)
    assert again.args == error.args
    assert vars(again) == vars(error)

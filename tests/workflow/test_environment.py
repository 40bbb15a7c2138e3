"""Stages of the environment: what each asks of a machine, and what it leaves alone."""

import importlib.util
import subprocess
import sys

import pytest
from glassmodes.campaign.settings import ROOT


@pytest.fixture
def build(tmp_path, monkeypatch):
    """The set-up script, with its environment in a folder of the test's."""
    path = ROOT / "envs" / "build.py"
    spec = importlib.util.spec_from_file_location("build_environment", path)
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    monkeypatch.setattr(build, "INSTALLED_LOCK", tmp_path / ".lock-digest")
    monkeypatch.setattr(build, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(build, "create_venv", lambda *_: None)
    return build


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Function that makes these commands the only ones on PATH."""

    def only(*names):
        for name in names:
            (tmp_path / name).write_text("#!/bin/sh\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("CC", raising=False)

    return only


def test_packages_want_no_c_compiler_and_no_libraries_of_the_user(build, tools, monkeypatch):
    tools("c++")
    monkeypatch.setenv("PETSC_DIR", "/nowhere")
    monkeypatch.delenv("SLEPC_DIR", raising=False)
    assert build.problems_of_machine("packages") == []
    problems = "\n".join(build.problems_of_machine("petsc"))
    for missing in ("install gcc", "install make", "PETSC_DIR is set alone"):
        assert missing in problems


def test_both_stages_want_the_compiler_of_the_pair_styles(build, tools):
    tools("cc", "make")
    for stage in build.STAGES:
        assert any("install g++" in problem for problem in build.problems_of_machine(stage))


def test_packages_of_the_same_lock_are_installed_once(build, monkeypatch):
    installed = []
    monkeypatch.setattr(build, "install_packages", lambda *_: installed.append(1))
    for _ in range(2):
        build.provide_packages(build.Progress(), {})
    assert installed == [1]
    build.INSTALLED_LOCK.write_text("of another lock")
    build.provide_packages(build.Progress(), {})
    assert installed == [1, 1]


def test_packages_of_an_interrupted_installation_are_installed_again(build, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    build.INSTALLED_LOCK.write_text("of another lock")
    monkeypatch.setattr(build, "install_packages", interrupt)
    with pytest.raises(KeyboardInterrupt):
        build.provide_packages(build.Progress(), {})
    assert not build.INSTALLED_LOCK.exists()


def test_first_stage_has_nothing_that_the_second_compiles(build):
    locked = build.locked_versions(build.ENVS / "requirements.lock")
    assert not set(locked) & set(build.locked_versions(build.ENVS / "sources.lock"))


@pytest.mark.slow
@pytest.mark.mpi
def test_check_of_the_first_stage_leaves_petsc_out():
    command = [sys.executable, ROOT / "envs" / "check_environment.py", "--stage", "packages"]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "2 rank(s): MPI, LAMMPS, MKL and NumPy agree" in found.stdout
    assert "petsc" not in found.stdout.lower()

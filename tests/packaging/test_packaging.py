"""What is built holds all that the tree has, and every way of installing it makes a write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(600)

#: Makes one write and prints where mockflux came from, and how many files of vectors came along.
WRITE = """
import importlib.resources, pathlib, sys, urllib.request
import mockflux
with mockflux.Server("v2-oss") as server:
    request = urllib.request.Request(
        f"{server.url}/api/v2/write?org={server.org}&bucket={server.bucket}", b"home,room=attic temp=21.5 1",
        {"Authorization": f"Token {server.token}"})
    with urllib.request.urlopen(request) as reply:
        assert reply.status == 204, reply.status
    assert [p.fields for p in server.points("home")] == [{"temp": 21.5}]
vectors = [file for file in importlib.resources.files("mockflux.contract.vectors").iterdir() if file.suffix == ".toml"]
print(len(vectors))
print(pathlib.Path(mockflux.__file__).resolve())
"""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command without this environment's import paths; its output, or a failure that shows it."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST", "COV"))}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def copy_of_the_tree(to: Path) -> Path:
    """The files of the project without what builds leave behind."""
    ignored = shutil.ignore_patterns(
        ".git", ".venv", "*.egg-info", "build", "dist", "__pycache__", ".*_cache", ".hypothesis"
    )
    shutil.copytree(ROOT, to, ignore=ignored)
    return to


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A wheel and an sdist, built from a clean copy."""
    tree = copy_of_the_tree(tmp_path_factory.mktemp("tree") / "mockflux")
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, tree)
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def environment(at: Path) -> Path:
    """The interpreter of a new virtual environment that sees the libraries of this one, but not its mockflux. No pip of
    its own is in it, which takes seconds to make; :func:`install` takes that of this one."""
    venv.create(at)
    python = at / ("Scripts" if os.name == "nt" else "bin") / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # A plain path entry: editable installs of this environment are not followed, the new one's packages come first.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def install(python: Path, *arguments: str | Path) -> None:
    """Install into that environment."""
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", *arguments)


def expected_files() -> set[str]:
    """What an installation must hold, as paths below site-packages."""
    wanted = {str(path.relative_to(ROOT)) for path in (ROOT / "mockflux").rglob("*.py")}
    wanted |= {str(path.relative_to(ROOT)) for path in (ROOT / "mockflux/contract/vectors").glob("*.toml")}
    wanted |= {
        f"mockflux/profiles/{path.name}" for path in (ROOT / "profiles").iterdir() if path.suffix in (".py", ".toml")
    }
    return wanted | {"mockflux/py.typed"}


def test_the_wheel_holds_all_of_the_package_and_nothing_else(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == expected_files()
    assert any(name.endswith(".toml") and "vectors" in name for name in names)


def test_the_vectors_of_the_wheel_can_be_read(built: tuple[Path, Path], tmp_path: Path) -> None:
    python = environment(tmp_path / "wheel")
    install(python, built[0])
    assert int(run(python, "-c", "from mockflux.contract.vector import load_all; print(len(load_all()))", cwd=tmp_path))


def test_the_sdist_holds_all_that_is_needed_to_build_and_to_test(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[1]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    tests = {str(p.relative_to(ROOT)) for p in (ROOT / "tests").rglob("*") if p.suffix in (".py", ".toml", ".lp")}
    profiles = {str(p.relative_to(ROOT)) for p in (ROOT / "profiles").iterdir() if p.suffix in (".py", ".toml")}
    package = {name for name in expected_files() if not name.startswith("mockflux/profiles/")}
    needed = {"setup.cfg", "pyproject.toml", "README.md", "CHANGES.md", "LICENSE"} | tests | profiles | package
    assert needed - names == set()


def home_of(python: Path, cwd: Path) -> Path:
    """Where the mockflux of an environment, which makes a write and has all vectors, comes from."""
    vectors, home = run(python, "-c", WRITE, cwd=cwd).split()
    assert int(vectors) == len(list((ROOT / "mockflux/contract/vectors").glob("*.toml"))) > 0
    return Path(home)


def test_every_installation_makes_a_write(built: tuple[Path, Path], tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path / "clone")
    for name, arguments in {
        "wheel": [str(built[0])],
        "sdist": [str(built[1])],
        "editable": ["-e", str(tree)],
    }.items():
        python = environment(tmp_path / name)
        install(python, *arguments)
        home = home_of(python, tmp_path)
        assert home.is_relative_to(tree if name == "editable" else (tmp_path / name).resolve()), (name, home)
        assert "v2-oss" in run(python.parent / "mockflux", "editions", cwd=tmp_path)


def test_an_uninstalled_clone_makes_a_write(tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path / "clone")
    python = environment(tmp_path / "bare")
    home = home_of(python, tree)
    assert home.is_relative_to(tree)

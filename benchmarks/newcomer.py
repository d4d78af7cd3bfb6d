"""A newcomer's path, timed: ``python -m benchmarks.newcomer [--markdown docs/newcomer.md]``.

Installs the checkout into an empty virtual environment, saves the files that the README's section "From nothing to a
plan" shows, and runs every command of that section as it stands there, in an empty folder. ``tests/newcomer`` does the
same with these functions.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fenced_blocks import fenced_blocks

ROOT = Path(__file__).resolve().parents[1]
SECTION = "## From nothing to a plan"


@dataclass(frozen=True)
class Step:
    """One command of the path: what it printed, its exit status and the seconds it took."""

    command: str
    seconds: float
    status: int
    output: str


@dataclass(frozen=True)
class NewcomersPath:
    """What the README asks a newcomer to do: files to save (name -> text) and commands to copy, in order."""

    files: dict[str, str]
    commands: tuple[str, ...]


def read_path(readme: Path = ROOT / "README.md") -> NewcomersPath:
    """The section's files and commands. Raises ``ValueError`` where the README has no such section."""
    text = readme.read_text(encoding="utf-8")
    begin = text.index(f"\n{SECTION}\n")
    section = text[begin : text.index("\n## ", begin + len(SECTION))]
    found = fenced_blocks(section)
    files = {block.saved_as: block.text for block in found if block.saved_as is not None}
    commands = [command for block in found if block.language == "console" for command in block.commands]
    return NewcomersPath(files, tuple(commands))


def install(folder: Path) -> Step:
    """An empty virtual environment with the checkout in it, as ``pip install .`` makes it."""
    started = time.perf_counter()
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", str(ROOT)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    return Step("pip install .", time.perf_counter() - started, done.returncode, done.stdout + done.stderr)


def walk(path: NewcomersPath, environment: Path, folder: Path) -> list[Step]:
    """Run the commands in ``folder``, up to the first that fails."""
    for name, text in path.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    inherited = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    inherited["PATH"] = f"{environment / 'bin'}{os.pathsep}{inherited.get('PATH', '')}"
    steps: list[Step] = []
    for command in path.commands:
        started = time.perf_counter()
        done = subprocess.run(command, shell=True, cwd=folder, env=inherited, capture_output=True, text=True)
        output = done.stdout + done.stderr
        steps.append(Step(command, time.perf_counter() - started, done.returncode, output))
        if done.returncode:
            break
    return steps


def table(steps: list[Step]) -> str:
    """The steps with their seconds, as Markdown."""
    rows = [f"| `{step.command}` | {step.seconds:.0f} |" for step in steps]
    total = sum(step.seconds for step in steps)
    return "\n".join(["| step | seconds |", "|---|---:|", *rows, f"| together | {total:.0f} |"]) + "\n"


def main() -> None:
    """Walk the path and print, or write, how long each step took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--markdown", type=Path, help="write the page there")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "work"
        folder.mkdir()
        steps = [install(Path(scratch) / "venv")]
        if steps[0].status == 0:
            steps += walk(read_path(), Path(scratch) / "venv", folder)
    if steps[-1].status:
        sys.exit(f"{steps[-1].command}\n{steps[-1].output}")
    if wanted.markdown is None:
        print(table(steps), end="")
        return
    intro = (
        "# A newcomer's path\n\nThe commands of the README's section *From nothing to a plan*, copied into an empty\n"
        "environment and an empty folder by `python -m benchmarks.newcomer --markdown docs/newcomer.md`, on "
        f"{os.cpu_count()}\nprocessors. `tests/newcomer` walks the same path.\n\n"
    )
    wanted.markdown.write_text(intro + table(steps), encoding="utf-8")


if __name__ == "__main__":
    main()

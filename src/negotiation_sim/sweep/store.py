"""The folder of a sweep: a manifest, the design, and Parquet parts that are there whole or not at all.

A part is named by its wave and runs, so the folder itself says what is done: there is no index that could disagree
with it. One process at a time writes; the operating system lets go of its lock when it dies.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from negotiation_sim import __version__
from negotiation_sim.data import PACKAGE
from negotiation_sim.files import UNFINISHED, temporary_name, write_whole
from negotiation_sim.rules.arrays import Ints
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.scenario import Problem, ScenarioError
from negotiation_sim.sweep.chunk import Played, outcome_counts
from negotiation_sim.sweep.plan import Plan, Span
from negotiation_sim.sweep.progress import Progress

MANIFEST, DESIGN, FAILURES, LOCK = "manifest.json", "design.parquet", "failures.json", ".lock"
RUNS, TRACES = "runs", "traces"
PART = re.compile(r"w(\d{3})-(\d{12})-(\d{12})\.parquet")
MODEL = ("draws.py", "priors.py", "record.py", "talks.py", "agents/*.py", "rules/*.py", "scenario/layout.py")
"""Files that decide what a run gives."""
LIBRARIES = ("mesa", "numpy", "pandas", "pyarrow", "salib", "scipy")
DECISIVE = ("numpy", "salib", "scipy")
"""Libraries of which another version may give other numbers."""


@dataclass(frozen=True)
class Part:
    """A part of the table: which runs of which wave, and where."""

    wave: int
    start: int
    stop: int
    path: Path


class Store:
    """A sweep's folder, open for writing.

    Args:
        folder: made if it is not there.
        plan: what is played.

    Raises:
        ScenarioError: the folder belongs to another sweep (says which keys differ), holds other things, or
            another process is writing to it.
        OSError: it cannot be written to.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        identity = identity_of(plan)
        _existing(folder, identity)  # before anything is changed
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / LOCK)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise _bad_folder(
                folder, "another process is sweeping into it", "wait for it, or another folder"
            ) from error
        try:
            self._manifest = _existing(folder, identity) or {
                "identity": identity,
                "experiment": plan.experiment.name,
                "question": plan.experiment.question,
                "sessions": [],
            }
            self._manifest["sessions"].append(_session())
            self._write_manifest()  # first of all: from here on the folder is known to be this sweep's
            self._prepare(plan)
        except BaseException:
            self._lock.release()
            raise

    def _prepare(self, plan: Plan) -> None:
        """Write what is not there yet, and remove what a killed process left half done."""
        if not (self.folder / DESIGN).exists():
            write_whole(self.folder / DESIGN, lambda path: plan.design.to_parquet(path, index=False))
        for name in (RUNS, *([TRACES] if plan.experiment.traces else [])):
            (self.folder / name).mkdir(exist_ok=True)
        done = {part.path.name for part in parts(self.folder)}
        for path in [*self.folder.glob(f"*/{UNFINISHED}"), *(self.folder / TRACES).glob("w*.parquet")]:
            if path.name not in done:
                path.unlink()

    def close(self, progress: Progress, workers: int) -> None:
        """Say what came of it, and let the folder go."""
        self._manifest["sessions"][-1] |= {
            "ended": _now(),
            "runs": progress.done - progress.found,
            "failed": len(progress.failures),
            "workers": workers,
            "worker_seconds": round(progress.seconds, 3),
            "worker_seconds_in_talks": round(progress.seconds_in_talks, 3),
        }
        try:
            self._write_manifest()
            self._write_failures(progress.failures)
        finally:
            self._lock.release()

    def add(self, wave: int, span: Span, played: Played) -> None:
        """Keep what a chunk gave. Its traces come first: a part counts as done once its runs are there."""
        name = f"w{wave:03d}-{span[0]:012d}-{span[1]:012d}.parquet"
        traces = played.traces
        if traces is not None:
            write_whole(self.folder / TRACES / name, lambda path: path.write_bytes(traces))
        write_whole(self.folder / RUNS / name, lambda path: path.write_bytes(played.runs))

    def _write_failures(self, failures: list[dict[str, object]]) -> None:
        """Which runs failed, in place of what an earlier session said."""
        path = self.folder / FAILURES
        if failures:
            write_whole(path, lambda at: at.write_text(json.dumps(failures, indent=2) + "\n"))
        else:
            path.unlink(missing_ok=True)

    def _write_manifest(self) -> None:
        text = json.dumps(self._manifest, indent=2) + "\n"
        write_whole(self.folder / MANIFEST, lambda path: path.write_text(text))


def parts(folder: Path) -> list[Part]:
    """Parts that are there, in the table's order.

    Raises:
        ScenarioError: two of them hold the same run.
    """
    found = []
    for path in sorted((folder / RUNS).glob("w*.parquet")):
        match = PART.fullmatch(path.name)
        if match:
            wave, start, stop = (int(each) for each in match.groups())
            found.append(Part(wave, start, stop, path))
    for one, other in pairwise(found):
        if one.wave == other.wave and other.start < one.stop:
            raise _bad_folder(
                folder, "two parts hold the same runs", f"one of {one.path.name}, {other.path.name}"
            )
    return found


def covered(folder: Path, wave: int) -> list[Span]:
    """Spans of a wave that are done."""
    return [(part.start, part.stop) for part in parts(folder) if part.wave == wave]


def counted(folder: Path, points: int, before_wave: int | None = None) -> Ints:
    """(D, outcomes) how often each outcome occurred at each of `points` design points, so far."""
    total = np.zeros((points, len(OUTCOMES)), dtype=np.int64)
    for part in parts(folder):
        if before_wave is None or part.wave < before_wave:
            table = pq.read_table(part.path, columns=["design", "outcome"])
            at, counts = outcome_counts(
                table["design"].to_numpy().astype(np.int64),
                np.asarray(table["outcome"].to_pylist(), dtype=object),
            )
            total[at] += counts
    return total


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a sweep's folder says of itself.

    Raises:
        ScenarioError: it is no sweep's folder.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text())
        return {**content, "identity": dict(content["identity"]), "sessions": list(content["sessions"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _bad_folder(
            folder, "this is no sweep's folder", f"a folder that negsim sweep has written, with {MANIFEST}"
        ) from error


def identity_of(plan: Plan) -> dict[str, Any]:
    """What makes a sweep this sweep and no other: with the same, a run is the same bit for bit."""
    asked = plan.experiment.model_dump(mode="json", exclude={"question", "finding"})
    return {
        "experiment": asked,
        "scenarios": {
            f"{at}": scenario.model_dump(mode="json", exclude_unset=True)
            for at, scenario in enumerate(plan.structures)
        },
        "negotiation_sim": __version__,
        "model": model_hash(),
        "libraries": {name: version(name) for name in DECISIVE},
    }


def _differences(there: object, here: object, key: str) -> Iterator[tuple[str, object, object]]:
    if isinstance(there, dict) and isinstance(here, dict):
        for each in [*there, *(name for name in here if name not in there)]:
            below = f"{key}.{each}" if key else str(each)
            yield from _differences(there.get(each), here.get(each), below)
    elif there != here:
        yield key, there, here


def _existing(folder: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """Manifest of a folder; None if it is not there, or as good as empty.

    Raises:
        ScenarioError: the folder belongs to another sweep, or holds other things.
    """
    if (folder / MANIFEST).exists():
        manifest = read_manifest(folder)
        _refuse_another(folder, manifest["identity"], identity)
        return manifest
    ours = {LOCK, temporary_name(folder / MANIFEST).name}
    if folder.exists() and (not folder.is_dir() or any(each.name not in ours for each in folder.iterdir())):
        raise _bad_folder(
            folder, "the folder holds something else", "a new or an empty folder, or this sweep's own"
        )
    return None


def _refuse_another(folder: Path, there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    here = json.loads(json.dumps(here))
    found = list(_differences(dict(there), here, ""))
    if found:
        shown = [
            Problem(
                key,
                "the folder holds another sweep",
                f"there {_brief(old)}, here {_brief(new)}",
                f"the same in both, or another folder than {folder}",
            )
            for key, old, new in found[:5]
        ]
        raise ScenarioError(str(folder), shown)


def _brief(value: object) -> str:
    text = "nothing" if value is None else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _bad_folder(folder: Path, message: str, allowed: str) -> ScenarioError:
    return ScenarioError(str(folder), [Problem("out", message, str(folder), allowed)])


@cache
def model_hash() -> str:
    """Hash of the files in `MODEL`."""
    digest = hashlib.blake2b(digest_size=12)
    for pattern in MODEL:
        for path in sorted(PACKAGE.glob(pattern)):
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _session() -> dict[str, Any]:
    return {
        "started": _now(),
        "host": socket.gethostname(),
        "python": platform.python_version(),
        "git": _git_commit(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _git_commit() -> str | None:
    """Commit of the checkout that the package is run from; None outside of one."""
    try:
        said = subprocess.run(
            ["git", "-C", str(PACKAGE), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() or None

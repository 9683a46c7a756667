"""The shipped experiments: each is complete, says one thing in all its places, and its figure can be drawn again."""

import re
import runpy
from concurrent.futures import Future
from pathlib import Path

import pandas as pd
import pytest

from negotiation_sim.data import shipped
from negotiation_sim.figures.experiments import Change, paired, shares_by, told
from negotiation_sim.sweep import Experiment, sweep
from negotiation_sim.sweep.chunk import Chunk, Played, play
from negotiation_sim.sweep.engines import ENGINES

FOLDER = shipped("experiments")
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/sweep.yaml"))
RUN = runpy.run_path(str(FOLDER / "run.py"))
LARGEST = 150_000  # bytes of a figure


class Here:
    """An engine that plays each chunk at once in this process: starting workers would take most of the time."""

    workers = 1

    def submit(self, chunk: Chunk) -> Future[Played]:
        future: Future[Played] = Future()
        future.set_result(play(chunk))
        return future

    def mend(self) -> None: ...

    def close(self) -> None: ...


def plain(text: str) -> str:
    return " ".join(text.split())


def test_there_are_at_least_six() -> None:
    assert len(NAMES) >= 6
    assert RUN["shipped"]() == NAMES
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert folders == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_agrees(name: str) -> None:
    experiment = Experiment.load(name)
    readme = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    assert experiment.name == name
    assert readme.startswith(f"# {experiment.question}\n")
    parts = {part.split("\n")[0]: plain(part) for part in readme.split("\n## ")[1:]}
    assert list(parts) == [
        "Why the documents raise it",
        "Design",
        "Finding",
        "Run it again",
        "What it cannot tell",
    ]
    assert experiment.finding is not None
    assert plain(experiment.finding) in parts["Finding"]
    assert len(re.findall(r"[.](?: |$)", plain(experiment.finding))) == 2, "a finding has two sentences"
    assert "in this model" in experiment.finding.lower()
    assert "(figure.png)" in parts["Finding"]
    assert f"experiments/run.py {name}" in parts["Run it again"]
    assert re.search(r"E\d{3}", parts["Why the documents raise it"])
    picture = (FOLDER / name / "figure.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) < LARGEST


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("experiments")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_figures_can_be_drawn_again(name: str, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a sweep of the whole design, so that every slice that the figure takes is there, but of few worlds."""
    experiment = Experiment.load(name, ["experiment.replications=20"])
    monkeypatch.setitem(ENGINES, "here", lambda *_: Here())
    results = sweep(experiment, small / name, engine="here")
    assert len(results) == 20 * len(results.design)
    figure, numbers = RUN["drawn"](experiment, results)
    RUN["keep"](figure, small / f"{name}.png")
    assert (small / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    texts = plain(" ".join(text.get_text() for text in figure.texts))
    assert experiment.question in texts
    assert "20 worlds" in texts or "of 20 whose" in texts
    assert numbers and all(re.search(r"\d", said) for said in numbers.values())


def test_shares_and_paired_changes_by_hand() -> None:
    one = pd.DataFrame({"world": [0, 1, 2, 3], "x": 1.0, "held": [True, False, False, False]})
    other = pd.DataFrame({"world": [3, 2, 1, 0], "x": 2.0, "held": [True, True, False, True]})
    shares = shares_by(pd.concat([one, other]), "held", "x")
    assert shares["share"].tolist() == [0.25, 0.75]
    assert ((shares["low"] < shares["share"]) & (shares["share"] < shares["high"])).all()
    change = paired(one, other, "held")  # world by world: 0, 0, +1, +1
    assert change.change == pytest.approx(0.5)
    assert change.margin == pytest.approx(1.959964 * (1 / 3) ** 0.5 / 2)
    assert told(change) == "+50.0 ± 56.6 points"
    assert told(Change(-0.0001, 0.0)) == "0.0 ± 0.0 points"
    with pytest.raises(ValueError, match="same worlds"):
        paired(one, other.head(3), "held")


def test_a_finding_that_no_longer_holds_is_reported(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The script says which number the finding does not state, and exits with 1."""
    main = RUN["main"]
    monkeypatch.setattr("sys.argv", ["run.py", "missiles", "--out", str(small)])
    monkeypatch.setitem(main.__globals__, "sweep", lambda *_: [])
    monkeypatch.setitem(main.__globals__, "drawn", lambda *_: (None, {"a number": "99.9%"}))
    monkeypatch.setitem(main.__globals__, "keep", lambda *_: None)
    assert main() == 1
    assert "99.9%   <- the finding says something else" in capsys.readouterr().out

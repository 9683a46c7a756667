"""What observers believe round by round, where Russia seeks a pretext and where it extracts."""

import pandas as pd
from matplotlib.figure import Figure

from negotiation_sim.analysis.shares import share
from negotiation_sim.figures.experiments import Line, Panel, lines_figure, means_by, shares_by, told
from negotiation_sim.figures.style import INK
from negotiation_sim.sweep import Results

TYPES = ("security", "extractor", "pretext")
BELIEFS = [f"belief_{name}" for name in TYPES]
WORLDS = {"pretext_russia": "Russia seeks a pretext", "extractor_russia": "Russia extracts concessions"}


def draw(question: str, results: Results) -> tuple[Figure, dict[str, str]]:
    runs = results.to_pandas(["world", "scenario", *BELIEFS])
    rounds = results.traces.to_table(columns=["design", "world", "round", *BELIEFS]).to_pandas()
    rounds["scenario"] = rounds["design"].map(results.design["scenario"])
    for table in (runs, rounds):
        table["suspects"] = table[BELIEFS].idxmax(axis=1) == "belief_pretext"
    kept = {name: rounds[rounds["scenario"] == name] for name in WORLDS}
    panels = [
        Panel(
            "Mean belief in a pretext",
            "round (the week is rounds 1 to 3)",
            [
                Line(said, means_by(kept[name], "belief_pretext", "round"), INK)
                for name, said in WORLDS.items()
            ],
            y="Belief (%)",
            span=(1, 3, "week"),
            top=80,
        ),
        Panel(
            "Pretext thought likeliest",
            "round (the week is rounds 1 to 3)",
            [Line(said, shares_by(kept[name], "suspects", "round"), INK) for name, said in WORLDS.items()],
            span=(1, 3, "week"),
            top=80,
        ),
    ]
    traced = kept["pretext_russia"]["world"].nunique()
    n = runs["world"].nunique()
    figure = lines_figure(
        question,
        f"Scenarios pretext_russia and extractor_russia; n = {traced:,} worlds a line, those of {n:,} whose rounds "
        "were kept; the same luck in both.",
        panels,
        "Observers start from a prior near one third for each of three types (security-seeker, extractor, pretext) and "
        "learn from moves on the ladder only, not from what is said. Experiment pretext_or_extraction.",
    )
    by = {name: runs[runs["scenario"] == name].set_index("world").sort_index() for name in WORLDS}
    week = {name: kept[name][kept[name]["round"] == 3] for name in WORLDS}
    belief = pd.concat({name: by[name]["belief_pretext"] for name in WORLDS}, axis=1)
    higher = int((belief["pretext_russia"] > belief["extractor_russia"]).sum())

    def suspected(table: pd.DataFrame) -> str:
        return told(share(int(table["suspects"].sum()), len(table)))

    return figure, {
        "pretext likeliest after the week, where it is one": suspected(week["pretext_russia"]),
        "pretext likeliest after the week, where it is extraction": suspected(week["extractor_russia"]),
        "pretext likeliest on day 60, where it is one": suspected(by["pretext_russia"]),
        "pretext likeliest on day 60, where it is extraction": suspected(by["extractor_russia"]),
        "same luck: more belief in a pretext where it is one": told(share(higher, len(belief))),
    }

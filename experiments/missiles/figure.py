"""Agreements and war by what missiles are worth to Russia, with and without a treaty on the table."""

from matplotlib.figure import Figure

from negotiation_sim.analysis.shares import share
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.experiments import Line, Panel, lines_figure, paired, shares_by, told
from negotiation_sim.sweep import Results

WEIGHT, SECURITY = "actors.russia.weights.missiles", "actors.russia.types.security.weights.missiles"
TABLED = {
    "january_2022": "talks on missiles (january_2022)",
    "missiles_treaty": "a treaty too (missiles_treaty)",
}


def draw(question: str, results: Results) -> tuple[Figure, dict[str, str]]:
    runs = results.to_pandas(["world", "scenario", WEIGHT, SECURITY, "headline", "outcome"])
    runs["agreement"] = runs["headline"] == "concession"
    runs["war"] = runs["outcome"].isin(["invasion", "limited_incursion"])
    by = {name: runs[runs["scenario"] == name] for name in TABLED}
    blue, red = HEADLINE_COLOURS["concession"], HEADLINE_COLOURS["escalation"]
    panels = [
        Panel(
            title,
            x,
            [
                Line(said, shares_by(by[name].dropna(subset=[path]), held, path), colour)
                for name, said in TABLED.items()
            ],
            y=y,
            top=top,
        )
        for title, x, path, held, colour, y, top in (
            (
                "Agreements",
                "security-seeker's weight",
                SECURITY,
                "agreement",
                blue,
                "Share of worlds (%)",
                12,
            ),
            ("Agreements", "other types' weight", WEIGHT, "agreement", blue, "", 12),
            ("War", "security-seeker's weight", SECURITY, "war", red, "", 30),
        )
    ]
    n = runs["world"].nunique()
    figure = lines_figure(
        question,
        f"By day 60; n = {n:,} worlds a point, the same luck at all points; all else drawn over its ranges. War: "
        "limited incursion or invasion.",
        panels,
        "Weight of missiles: what a whole missile treaty is worth to Russia, where its whole list is worth 1. Each in "
        "turn along its range. Nearly all agreements leave the core issues out; in the panel of war the lines "
        "coincide. Experiment missiles.",
    )

    def at(name: str, weight: float):
        return by[name][by[name][SECURITY] == weight]

    low, high = runs[SECURITY].min(), runs[SECURITY].max()
    base, treaty = at("january_2022", high), at("missiles_treaty", high)
    return figure, {
        "agreements, treaty, security-seeker's weight 0.26": told(
            share(int(treaty["agreement"].sum()), len(treaty))
        ),
        "agreements, no treaty, weight 0.26": told(share(int(base["agreement"].sum()), len(base))),
        "agreements, what the treaty adds at weight 0.06": told(
            paired(at("january_2022", low), at("missiles_treaty", low), "agreement")
        ),
        "agreements, what the treaty adds at weight 0.26": told(paired(base, treaty, "agreement")),
        "war, what the treaty changes at weight 0.26": told(paired(base, treaty, "war")),
    }

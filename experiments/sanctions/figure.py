"""War by announced sanctions, for each type of Russia, with threats that are believed and discounted or not."""

from matplotlib.figure import Figure

from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.experiments import Line, Panel, lines_figure, paired, shares_by, told
from negotiation_sim.sweep import Results

TYPE, SANCTIONS = "actors.russia.true_type", "actors.russia.attack.sanctions"
BELIEVED, DISCOUNT = "actors.russia.outlook.credibility", "actors.russia.attack.discount"
TYPES = {"security": "Security-seeker", "extractor": "Extractor", "pretext": "Pretext-seeker"}
THREATS = {
    "doubted, shrugged off": (0.2, 0.7),
    "believed, shrugged off": (0.7, 0.7),
    "doubted, felt": (0.2, 0.1),
    "believed, felt": (0.7, 0.1),
}


def draw(question: str, results: Results) -> tuple[Figure, dict[str, str]]:
    runs = results.to_pandas(["world", TYPE, SANCTIONS, BELIEVED, DISCOUNT, "outcome"])
    runs["war"] = runs["outcome"].isin(["invasion", "limited_incursion"])

    def at(type_: str, threat: str):
        believed, discount = THREATS[threat]
        return runs[(runs[TYPE] == type_) & (runs[BELIEVED] == believed) & (runs[DISCOUNT] == discount)]

    panels = [
        Panel(
            title,
            "sanctions threatened",
            [
                Line(threat, shares_by(at(type_, threat), "war", SANCTIONS), HEADLINE_COLOURS["escalation"])
                for threat in THREATS
            ],
            y="War by day 60 (% of worlds)" if type_ == "security" else "",
            top=70,
        )
        for type_, title in TYPES.items()
    ]
    n = runs["world"].nunique()
    figure = lines_figure(
        question,
        f"Scenario january_2022 with Russia's type set; n = {n:,} worlds a point, the same luck at all points. War: "
        "limited incursion or invasion by day 60.",
        panels,
        "Sanctions in units of utility: Russia's whole list of demands is worth about 1. Doubted, believed: "
        "credibility of threats at the start 0.2, 0.7. Felt, shrugged off: Russia discounts 10%, 70% of them. The "
        "scenario's range of sanctions is 0.3 to 1; 0 is for comparison. Experiment sanctions.",
    )

    def change(type_: str, threat: str) -> str:
        table = at(type_, threat)
        return told(paired(*(table[table[SANCTIONS] == each] for each in (0.0, 1.0)), "war"))

    return figure, {
        f"war, no to full sanctions, {TYPES[type_].lower()}, {threat}": change(type_, threat)
        for type_ in ("pretext", "extractor")
        for threat in ("believed, felt", "doubted, shrugged off")
    }

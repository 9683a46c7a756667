"""The evidence table keeps its promises: complete, honest about strength, and open about conflicts."""

import re
from collections import Counter
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from negotiation_sim.evidence import conflicts, finding, findings, sources

ACTORS = {
    "Russia", "US", "NATO", "Poland/East", "Europeans", "Eastern ally official", "Ukraine", "West", "Process",
}  # fmt: skip
STANCES = {
    "demand", "red_line", "offer", "conditional_offer", "threat", "reject", "preference", "concern",
    "expectation", "ambiguous", "silent", "assessment", "fact",
}  # fmt: skip
DOCUMENT_LINES = {"dw_schultz": 53, "euractiv": 59, "pism": 47, "dw_eggert": 61, "airforcemag": 65}
DOC = Path(__file__).parents[1] / "docs" / "evidence.md"


def test_ids_are_e001_to_e100_once_each_in_order():
    assert [f.id for f in findings()] == [f"E{n:03d}" for n in range(1, 101)]


def test_every_field_is_filled_and_from_the_vocabulary():
    for f in findings():
        assert all([f.issue, f.finding, f.informs]), f.id
        assert f.actor in ACTORS, f.id
        assert f.stance in STANCES, f.id
        assert f.finding.endswith("."), f.id


def test_strength_is_an_int_from_1_to_5():
    for f in findings():
        assert type(f.strength) is int, f.id
        assert 1 <= f.strength <= 5, f.id


def test_only_categorical_refusals_have_strength_5():
    assert {f.id: f.stance for f in findings() if f.strength == 5} == {
        "E002": "red_line", "E051": "red_line", "E061": "red_line", "E069": "red_line",
    }  # fmt: skip


def test_opinions_of_authors_and_experts_stay_at_most_3():
    kinds = {s.key: s.kind for s in sources()}
    experts = re.compile(r"\b(Townsend|Baranowski|Liik|Lorenz|Eggert|[Aa]nalysts?|columnist)\b")
    judged = [f for f in findings() if experts.search(f.finding)]
    judged += [
        f for f in findings() if f.stance == "assessment" and kinds[f.source] in ("opinion", "analysis")
    ]
    assert len(judged) > 20
    assert [f.id for f in judged if f.strength > 3] == []


def test_anonymous_officials_stay_at_most_3():
    unnamed = [f for f in findings() if re.search(r"anonymous|unnamed", f.finding, re.IGNORECASE)]
    assert len(unnamed) > 10
    assert [f.id for f in unnamed if f.strength > 3] == []


def test_every_source_is_known_used_and_of_a_known_kind():
    keys = [s.key for s in sources()]
    assert keys == list(DOCUMENT_LINES)
    assert {f.source for f in findings()} == set(keys)
    for s in sources():
        assert all([s.title, s.author, s.outlet, s.date]), s.key
        assert s.kind in {"news report", "opinion", "analysis"}, s.key


def test_lines_lie_inside_the_document_in_order():
    for f in findings():
        assert re.fullmatch(r"L\d+(;L\d+)*", f.lines), f.id
        numbers = [int(n[1:]) for n in f.lines.split(";")]
        assert numbers == sorted(set(numbers)), f.id
        assert numbers[0] >= 1, f.id
        assert numbers[-1] <= DOCUMENT_LINES[f.source], f.id


def test_informs_is_plain_words_not_notation():
    for f in findings():
        assert not re.search(r"\w\[|\w_\w|>=|<=|\w<|>\w", f.informs), f.id


def test_conflicts_are_complete_and_cite_findings_that_exist():
    known = {f.id for f in findings()}
    for c in conflicts():
        assert len(set(c.findings)) == len(c.findings) >= 2, c.key
        assert set(c.findings) <= known, c.key
        assert all([c.question, c.reading_a, c.reading_b, c.treatment]), c.key
        assert c.reading_a != c.reading_b, c.key
    assert max(Counter(c.key for c in conflicts()).values()) == 1


@pytest.mark.parametrize(
    ("key", "cited"),
    [
        ("geneva_date", {"E096", "E097"}),
        ("clarity_of_rejection", {"E081", "E051", "E069"}),
        ("consultation", {"E089", "E062", "E063", "E090"}),
        ("carrying_cost", {"E018", "E019"}),
        ("unity", {"E076", "E077", "E078"}),
        ("us_troops", {"E053", "E086"}),
        ("exercise_limits", {"E057", "E073"}),
    ],
)
def test_known_conflicts_are_recorded(key, cited):
    (conflict,) = [c for c in conflicts() if c.key == key]
    assert cited <= set(conflict.findings)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"actor": "ukraine"}, ["E092"]),
        ({"actor": "WEST"}, ["E093", "E094"]),
        ({"issue": "Missiles", "actor": "us"}, ["E054", "E055"]),
        ({"issue": "vagueness"}, ["E080", "E081"]),
        ({"actor": "Ukraine", "issue": "missiles"}, []),
    ],
)
def test_filters_choose_rows_whatever_the_letter_case(filters, ids):
    assert [f.id for f in findings(**filters)] == ids


def test_actors_part_the_table():
    assert sum(len(findings(actor=a)) for a in ACTORS) == len(findings()) == 100


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"actor": "Rusia"}, r"unknown actor 'Rusia': choose one of .*Poland/East.*Did you mean 'Russia'\?"),
        ({"actor": "poland"}, r"Did you mean 'Poland/East'\?"),
        (
            {"issue": "misiles"},
            r"unknown issue 'misiles': choose one of .*membership.*Did you mean 'missiles'\?",
        ),
    ],
)
def test_unknown_filters_name_the_allowed_values_and_the_nearest(filters, message):
    with pytest.raises(ValueError, match=message):
        findings(**filters)


def test_a_name_like_nothing_in_the_table_gets_no_guess():
    with pytest.raises(ValueError, match="unknown actor 'qqqq'") as caught:
        findings(actor="qqqq")
    assert "Did you mean" not in str(caught.value)


def test_finding_by_id():
    assert finding("E092").actor == "Ukraine"
    assert finding("E018").source == "dw_schultz"


@pytest.mark.parametrize(
    ("typed", "nearest"), [("E18", "E018"), ("e018", "E018"), ("E101", "E100"), ("EO18", "E018")]
)
def test_unknown_id_names_the_nearest(typed, nearest):
    with pytest.raises(ValueError, match=rf"unknown finding '{typed}': .*Did you mean '{nearest}'\?"):
        finding(typed)


def test_records_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        finding("E001").strength = 1


def test_the_page_for_readers_lists_every_conflict_and_source():
    page = DOC.read_text(encoding="utf-8")
    for c in conflicts():
        assert f"**{c.key}**" in page, c.key
        assert c.treatment in page, c.key
    for s in sources():
        assert f"`{s.key}`" in page, s.key
        assert s.title in page, s.key

"""`kill -9` of the server in the middle of a round: what was acknowledged is kept, and open pages recover."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from class_server import Instructor, Person, server
from playwright.sync_api import BrowserContext, Page, expect

from negotiation_sim.classroom.room import RESTARTED

RECOVERY = 10_000
"""Milliseconds in which an open page shows again what is, once the server answers."""
AWAY = re.compile(
    r"net::ERR_CONNECTION_|ERR_SOCKET_|ERR_EMPTY_RESPONSE|WebSocket connection|Failed to load resource"
)
"""What a browser reports of a server that does not answer."""
expect.set_options(timeout=20_000)  # the machine may be busy
SECONDS = 5
"""Of a session whose time runs out while the server is away."""


def join(page: Page, address: str) -> None:
    """Take a seat by a link."""
    page.goto(address)
    page.get_by_label("Your name").fill("Ben")
    page.get_by_role("button", name="Take the seat").click()


def half_typed(page: Page) -> tuple[object, ...]:
    """What is not sent yet, and whether it is still the page that was opened."""
    fields = (page.locator("#why"), page.locator("#message"))
    chosen = page.get_by_label("five years").is_checked()
    return page.evaluate("window.opened"), chosen, *(field.input_value() for field in fields)


def time_left(page: Page) -> int:
    """Seconds that a page's clock shows."""
    minutes, seconds = page.locator("time[data-deadline]").inner_text().split(":")
    return 60 * int(minutes) + int(seconds)


def test_after_kill_9_a_round_goes_on_where_it_was_and_open_pages_with_it(
    tmp_path: Path, new_context: Callable[..., BrowserContext], page_faults: list[str]
) -> None:
    folder = tmp_path / "class"
    page = new_context().new_page()
    with server(folder) as running, Instructor(running) as clara, Person(running) as ann:
        port = int(running.url.rpartition(":")[2])
        brief = clara.create("river_dam", ("upland", "lowland"), seconds=SECONDS)
        session = clara.create("river_dam", ("upland", "lowland"))
        codes = clara.codes()
        ann.join(codes["upland"], "Ann")
        join(page, f"{running.url}/join/{codes['lowland']}")
        clara.post("begin")
        running.settled(session)
        assert ann.decide(why="We need the water.").status_code == 303
        assert ann.post("say", {"statement": "We are ready to sign."}).status_code == 303
        expect(page.get_by_role("heading", name="propose a package")).to_be_visible()
        page.get_by_label("five years").check()
        page.get_by_label("Why?").press_sequentially("They would have to give")
        page.locator("#message").press_sequentially("Shall we")
        page.evaluate("window.opened = 'before the kill'")
        typed = half_typed(page)
        assert typed == ("before the kill", True, "They would have to give", "Shall we")

        clara.enter(brief, "Clara")
        clara.post("begin")
        running.until(brief, lambda state: state.phase == "open")
        kept = {each: running.events(each) for each in (brief, session)}
        before = running.state(session)
        running.process.kill()
        running.process.wait()

    expect(page.get_by_text("The server does not answer.")).to_be_visible()
    page.get_by_role("button", name="Propose this package").click()
    expect(page.get_by_role("alert")).to_contain_text("What you typed stays here")
    assert page_faults and all(AWAY.search(fault) for fault in page_faults), page_faults
    time.sleep(max(0.0, kept[brief][-1].at + SECONDS + 0.1 - time.time()))

    with server(folder, port=port) as running:
        expect(page.locator("#connection")).to_be_hidden(timeout=RECOVERY)
        page_faults.clear()
        after, events = running.state(session), running.events(session)
        assert events[: len(kept[session])] == kept[session]
        # Odds are worked out when there is time.
        assert {event.kind for event in events[len(kept[session]) :]} <= {"odds"}
        assert (after.round, after.phase, after.step) == (before.round, "open", before.step)
        assert before.step and abs(time_left(page) - (before.step.deadline - time.time())) < 2
        assert half_typed(page) == typed
        page.get_by_label("Why?").press("End")
        page.keyboard.type(" more.")
        page.get_by_role("button", name="Propose this package").click()
        ours = running.until(session, lambda state: state.history[1:]).history[-1]
        assert (ours.seat, ours.choice, ours.why) == ("lowland", (2, 0), "They would have to give more.")

        # Nobody loses a decision to time in which the server was away.
        paused = running.until(brief, lambda state: state.phase != "open")
        assert (paused.phase, paused.pause_reason) == ("paused", RESTARTED)
        assert running.events(brief)[: len(kept[brief])] == kept[brief]
        page.close()  # before the server goes again

"""A class in real browsers: with and without JavaScript, on a phone, zoomed in, by keyboard, with sockets that drop."""

import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import segno
from browser import assert_accessible
from class_server import Instructor, Person, Server, server
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, expect
from websockets.sync.client import connect

from negotiation_sim.classroom.session import SessionState, Step
from negotiation_sim.classroom.web.live import SOCKETS

PHONE = {"width": 390, "height": 844}
ZOOMED = {"width": 640, "height": 450}
"""What a page is given of a window of 1280 by 900 pixels at 200 %."""
FINGER = 24
"""Pixels that anything to be touched measures at least (WCAG 2.2, 2.5.8); links in a text apart."""
PROMPT = 1.0
"""Seconds in which an open page shows what another seat has decided."""
RIVER = ("upland", "lowland")
TOUCHED = "button, select, textarea, summary, a.button, input:not([type=hidden])"
TOO_SMALL = """([touched, least]) => [...document.querySelectorAll(touched)]
    .filter(each => each.checkVisibility({visibilityProperty: true}))
    .filter(each => {
        const boxes = [each, ...(each.labels || [])].map(its => its.getBoundingClientRect());
        return Math.max(...boxes.map(its => its.height)) < least || Math.max(...boxes.map(its => its.width)) < least;
    }).map(each => each.outerHTML)"""
ON_TOP = """() => {
    const its = document.activeElement, box = its.getBoundingClientRect(), style = getComputedStyle(its);
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return {
        tag: its.tagName, id: its.id, text: its.textContent.trim().slice(0, 40),
        marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        seen: Boolean(top) && (its.contains(top) || top.contains(its)),
    };
}"""
NewContext = Callable[..., BrowserContext]

# The machine may be busy: these are times after which something is wrong, and none that is measured.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("class")) as running:
        yield running


@pytest.fixture(scope="module")
def clara(running: Server) -> Iterator[Instructor]:
    with Instructor(running) as clara:
        yield clara


def assert_fits(page: Page) -> None:
    """Nothing is scrolled sideways, and what is to be touched is large enough."""
    widths = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1], f"{page.url} is {widths[0]} pixels wide in a window of {widths[1]}"
    assert page.evaluate(TOO_SMALL, [TOUCHED, FINGER]) == [], page.url


def assert_usable(page: Page) -> None:
    """axe finds nothing, and the page fits a phone and a window at 200 %."""
    assert_accessible(page)
    own = page.viewport_size
    for size in (PHONE, ZOOMED):
        page.set_viewport_size(size)
        assert_fits(page)
    page.set_viewport_size(own)


def joined(context: BrowserContext, running: Server, code: str, name: str) -> Page:
    """The page of a seat that somebody has just taken by a link."""
    page = context.new_page()
    page.goto(f"{running.url}/join/{code}")
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name=re.compile("Take the seat|Come in")).click()
    page.wait_for_url("**/seat/**")
    return page


def sheets(page: Page) -> int:
    """Sheets of A4 that a page is printed on."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


def awaited(running: Server, session: str) -> SessionState:
    """Where a session stands once somebody is asked, or it is over."""
    return running.until(
        session, lambda now: now.phase == "ended" or (now.phase == "open" and now.waiting_for)
    )


def form_of(page: Page, step: int) -> Locator:
    return page.locator(f"form[data-form=decide-{step}]")


def decide(page: Page, step: Step, why: str) -> None:
    """Fill in the form of a step as a person does, with or without JavaScript, and send it."""
    form = form_of(page, step.number)
    if step.kind == "offer":
        form.locator("fieldset.issue").last.locator("input").nth(1).check()
        form.get_by_label("Why?").fill(why)
        if (button := form.get_by_role("button", name="What is it worth?")).is_visible():
            button.click()  # a page without JavaScript comes back filled in
            expect(form.get_by_label("Why?")).to_have_value(why)
        expect(form.locator("#weighed")).to_contain_text("points")
        form.get_by_role("button", name="Propose this package").click()
    else:
        form.locator("[name=option]:enabled").first.check()
        form.get_by_label("Why?").fill(why)
        form.get_by_role("button", name="Decide").click()


# ---- a whole class -----------------------------------------------------------------------------------


def test_a_class_plays_from_the_key_to_the_debrief_without_the_internet(
    page: Page, new_context: NewContext, running: Server
) -> None:
    # The fixtures fail a test whose pages ask for anything but the server's address.
    session = set_up(page, running)
    console = page.url
    page.get_by_role("link", name="Join codes for the wall").click()
    assert_usable(page)
    codes = dict(zip((*RIVER, "observer"), page.locator(".projector-code").all_inner_texts(), strict=True))
    page.goto(console)

    # One student at 200 %, by code; one on a phone without JavaScript, by link; one only looks on.
    upland = new_context(viewport=ZOOMED, device_scale_factor=2).new_page()
    upland.goto(running.url)
    assert_usable(upland)
    upland.get_by_label("Join code").fill(codes["upland"].lower())
    upland.get_by_role("button", name="Go on").click()
    assert_usable(upland)
    upland.get_by_label("Your name").fill("Мария")
    upland.get_by_role("button", name="Take the seat").click()
    expect(upland.get_by_role("heading", name="Before it begins")).to_be_visible()
    assert_usable(upland)
    phone = new_context(viewport=PHONE, has_touch=True, java_script_enabled=False)
    lowland = joined(phone, running, codes["lowland"].replace("-", ""), "سارة")
    observer = joined(new_context(), running, codes["observer"].replace("-", ""), "Olu")
    upland.get_by_role("link", name="The whole briefing").click()
    assert_usable(upland)
    expect(upland.get_by_role("heading", name="What is at stake for you")).to_be_visible()
    upland.go_back()

    expect(page.locator("#seat-lowland")).to_contain_text("سارة")
    page.get_by_role("button", name="Begin").click()
    play_round_1(running, session, upland, lowland)
    speak(page, upland, lowland, observer)
    running.until(session, lambda now: 1 in now.odds)
    expect(page.get_by_text("After round 1, in")).to_be_visible()
    assert_usable(page)
    go_on_and_end(page, running, session)
    expect(upland.get_by_role("heading", name="The session is over")).to_be_visible()
    assert_usable(upland)
    look_back(page, running, session, upland)


def set_up(page: Page, running: Server) -> str:
    """The instructor comes with the key, sets up a session and enters it; gives its id."""
    page.goto(f"{running.url}/host/#{running.key}")
    expect(page).to_have_url(f"{running.url}/host/")
    assert_usable(page)
    page.get_by_role("button", name="Open").click()
    page.get_by_role("link", name="New session").click()
    assert_usable(page)
    page.get_by_role("link", name="The dam on the river").click()
    assert_usable(page)
    page.get_by_label("Title").fill("Water, группа 3")
    page.get_by_label("Rounds").select_option("3")
    page.get_by_label("Seconds for a decision").fill("600")
    page.get_by_label("Learning objectives").fill("Why do talks fail?")
    page.get_by_role("button", name="Open the session").click()
    session = page.get_by_role("article").filter(has_text="Water, группа 3")
    assert_usable(page)
    session.get_by_label("Your name").fill("Dr Lee")
    session.get_by_role("button", name="Enter as facilitator").click()
    page.wait_for_url("**/facilitator/")
    assert_usable(page)
    return page.url.split("/")[4]


def play_round_1(running: Server, session: str, upland: Page, lowland: Page) -> None:
    """All decisions of the round, of one with JavaScript and of one without."""
    pages, seen = {"upland": upland, "lowland": lowland}, set()
    while (state := awaited(running, session)).round == 1:
        seat, step = state.waiting_for[0], state.step
        assert step
        if seat == "upland":
            expect(form_of(upland, step.number)).to_be_visible()
            if step.kind not in seen:
                assert_usable(upland)
                seen.add(step.kind)
        else:
            lowland.get_by_role("link", name="Look again").tap()
            expect(form_of(lowland, step.number)).to_be_visible()
            assert_fits(lowland)
        decide(pages[seat], step, f"Because of {step.kind}.")
        after = running.until(session, lambda now, step=step: now.step != step)
        assert (after.history[-1].seat, after.history[-1].why) == (seat, f"Because of {step.kind}.")
    assert seen == {"offer", "response", "signal"}
    assert {(each.seat, each.kind) for each in state.history} >= {(each, "offer") for each in RIVER}


def speak(page: Page, upland: Page, lowland: Page, observer: Page) -> None:
    """Say something in public and something in confidence without JavaScript, and tell news."""
    lowland.get_by_label("Say in public").fill("We will drink less.")
    lowland.get_by_role("button", name="Make the statement").tap()
    lowland.get_by_role("textbox", name="Message").fill("Between us: half?")
    lowland.get_by_role("button", name="Send the message").tap()
    for reader in (upland, observer, page):
        expect(reader.get_by_text("We will drink less.")).to_be_visible()
    expect(upland.get_by_text("Between us: half?")).to_be_visible()
    expect(page.get_by_text("Between us: half?")).to_be_visible()
    expect(observer.get_by_text("Between us: half?")).to_have_count(0)
    assert_usable(observer)
    page.get_by_label("Write news on the spot").fill("Rain is forecast.")
    page.get_by_role("button", name="Tell it now").click()
    expect(upland.get_by_text("Rain is forecast.")).to_be_visible()


def go_on_and_end(page: Page, running: Server, session: str) -> None:
    """The facilitator does not wait for a step of round 2, and ends the session in the next."""
    step = running.settled(session).step
    page.get_by_role("button", name="Advance").click()
    running.until(session, lambda now: now.step != step)
    closed = [event for event in running.events(session) if event.kind == "closed"]
    assert closed[-1].data["reason"] == "a facilitator went on"
    running.settled(session)
    page.get_by_label("Reason", exact=True).fill("The bell has rung")
    page.get_by_label("Nobody can decide any more.").check()
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_text("The session is over: The bell has rung")).to_be_visible()
    assert_usable(page)


def look_back(page: Page, running: Server, session: str, upland: Page) -> None:
    """Debrief, before and after all is declassified; files to take home, replay and fork."""
    upland.get_by_role("link", name="To the debrief").click()
    expect(upland.get_by_text("Because of offer.")).to_have_count(1)  # its own
    page.get_by_label("Everybody can read its briefing").check()
    page.get_by_role("button", name="Declassify").click()
    expect(page.get_by_text("Declassified: Upland and Lowland.")).to_be_visible()
    running.until(session, lambda now: max(now.odds) >= now.complete)
    upland.reload()
    expect(upland.get_by_text("Because of offer.")).to_have_count(2)
    wait_for_figures(upland)
    assert_usable(upland)
    page.get_by_role("link", name="To the debrief").click()
    wait_for_figures(page)
    assert_usable(page)
    assert 2 <= sheets(page) <= 12
    for kind in ("report.html", "rounds.csv", "session.json"):
        with page.expect_download() as download:
            page.locator(f"a[href$='{kind}']").click()
        assert download.value.path().stat().st_size > 200

    page.get_by_role("link", name="Replay").click()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Moment 2 of")).to_be_visible()
    assert_usable(page)
    page.get_by_role("link", name="Fork here").click()
    assert_usable(page)
    page.get_by_role("link", name="Upland, package").first.click()
    assert_usable(page)
    page.get_by_role("button", name="Compare the two roads").click()
    expect(page.get_by_role("heading", name="as the simulated agent would have decided")).to_be_visible()
    assert_usable(page)


def wait_for_figures(page: Page) -> None:
    """Load a debrief anew until its figures are there, and all of them are drawn."""
    page.get_by_text("The numbers", exact=True).or_(
        page.get_by_text("It is being worked out")
    ).first.wait_for()
    for _ in range(60):
        if page.get_by_text("being worked out").count() == 0:
            break
        page.wait_for_timeout(300)
        page.reload()
    assert page.locator("figure img").count() >= 2
    for image in page.locator("figure img").all():
        assert image.evaluate("its => its.decode().then(() => its.naturalWidth)") > 100


def test_silence_is_a_move_and_of_a_team_the_first_makes_it(
    new_context: NewContext, page_faults: list[str], running: Server, clara: Instructor
) -> None:
    session = clara.create("january_2022", ("us", "nato"), title="Silence")
    codes = clara.codes()
    pages = {seat: joined(new_context(), running, codes[seat], seat) for seat in ("us", "nato")}
    clara.post("begin")
    while (state := awaited(running, session)).step and state.step.kind != "silence":
        assert state.phase == "open"
        decide(pages[state.waiting_for[0]], state.step, "")
        running.until(session, lambda now, seen=state: now.seq > seen.seq)
    assert state.step and state.step.asked == ("us", "nato")
    nato = pages["nato"]
    expect(nato.get_by_role("heading", name="keep silence or break it")).to_be_visible()
    assert_usable(nato)

    script, none = new_context(), new_context(java_script_enabled=False)
    team = [joined(each, running, codes["nato"], "Jens") for each in (script, none)]
    nato.get_by_label("Break silence").check()
    nato.get_by_role("button", name="Decide").click()
    for each in (nato, team[0]):
        expect(each.get_by_text(re.compile(r"Your seat has decided .*\(nato, "))).to_be_visible()
    decide(team[1], state.step, "I would keep it.")
    expect(team[1].get_by_role("alert").first).to_have_text(
        "Your seat has decided already, by nato; the first decision counts."
    )
    assert [each.why for each in running.state(session).decided.values()] == [""]
    assert all("409" in fault for fault in page_faults), page_faults
    page_faults.clear()
    clara.post("end", {"reason": "Enough.", "sure": "on"})


# ---- by keyboard alone -------------------------------------------------------------------------------


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus; wherever it is meanwhile, it is marked and not covered."""
    for _ in range(80):
        page.keyboard.press("Tab")
        at = page.evaluate(ON_TOP)
        assert at["tag"] != "BODY", f"the focus is lost before {wanted}"
        assert at["marked"] and at["seen"], f"{at} has the focus and does not show it"
        if wanted.evaluate("its => its === document.activeElement"):
            return
    pytest.fail(f"Tab does not lead to {wanted}")


def test_a_seat_is_joined_and_played_by_keyboard_alone(
    page: Page, running: Server, clara: Instructor
) -> None:
    session = clara.create("river_dam", RIVER)
    codes = clara.codes()
    page.goto(running.url)
    page.keyboard.type(codes["upland"])  # the field has the focus when the page opens
    page.keyboard.press("Enter")
    page.wait_for_url("**/join/**")
    page.keyboard.type("Ann")
    page.keyboard.press("Enter")
    page.wait_for_url("**/seat/**")
    clara.post("begin")
    step = running.settled(session).step
    assert step
    form = form_of(page, step.number)
    expect(form).to_be_visible()

    # A group of buttons is one stop, and arrows choose within it: so browsers have it.
    tab_to(page, form.get_by_label("ten years"))
    page.keyboard.press("ArrowDown")
    expect(form.get_by_label("seven years")).to_be_checked()
    tab_to(page, form.get_by_label("Why?"))
    page.keyboard.type("We need")

    page.keyboard.press("Enter")  # no decision: that is one button's alone
    expect(form.locator("#weighed")).to_contain_text("+33")
    assert running.settled(session).step == step

    # Whatever others do meanwhile, the focus and what is typed stay.
    with Person(running) as ben:
        ben.join(codes["lowland"], "Ben")
        ben.post("say", {"statement": "We are listening."})
        expect(page.get_by_text("We are listening.")).to_be_visible()
    page.keyboard.type(" the water.")
    expect(form.get_by_label("Why?")).to_have_value("We need the water.")
    tab_to(page, form.get_by_role("button", name="Propose this package"))
    page.keyboard.press("Enter")
    decided = running.until(session, lambda state: state.history).history[0]
    assert (decided.choice, decided.why) == ((1, 0), "We need the water.")

    # What had the focus is gone: the next key goes on from what matters, not from the top of the page.
    expect(form).to_have_count(0)
    expect(page.locator("#main")).to_be_focused()
    tab_to(page, page.get_by_label("Say in public"))
    page.keyboard.type("Our offer stands.")
    tab_to(page, page.get_by_role("button", name="Make the statement"))
    page.keyboard.press("Space")
    expect(page.get_by_text("Our offer stands.")).to_be_visible()


def test_the_console_is_reached_and_used_by_keyboard_alone(
    page: Page, running: Server, clara: Instructor
) -> None:
    session = clara.create("river_dam", RIVER)
    code = clara.codes()["upland"]
    page.goto(f"{running.url}/host/#{running.key}")
    page.keyboard.press("Tab")
    tab_to(page, page.get_by_role("button", name="Open"))
    page.keyboard.press("Enter")
    card = page.locator(f"[id='{session}']")
    expect(card).to_be_visible()
    tab_to(page, card.get_by_label("Your name"))
    page.keyboard.type("Kim")
    page.keyboard.press("Enter")
    page.wait_for_url("**/facilitator/")
    hand = page.locator("#hand-upland")
    tab_to(page, hand)
    clara.post("inject", {"text": "A storm is near."})
    with Person(running) as late:
        late.join(code, "Late")
        expect(page.locator("#seat-upland")).to_contain_text("Late")  # its part has been written anew
    expect(page.get_by_text("A storm is near.")).to_be_visible()
    expect(hand).to_be_focused()
    tab_to(page, page.get_by_label("Everybody can read its briefing"))


# ---- stated policies ---------------------------------------------------------------------------------


def test_a_pause_stops_the_clock_and_more_time_is_seen_at_once(
    page: Page, page_faults: list[str], running: Server, clara: Instructor
) -> None:
    session = clara.create("river_dam", RIVER, seconds=500)
    page = joined(page.context, running, clara.codes()["upland"], "Ann")
    clara.post("begin")
    step = running.settled(session).step
    assert step
    form, clock = form_of(page, step.number), page.locator("time[data-deadline]")
    form.get_by_label("three years").check()
    form.get_by_label("Why?").fill("We need it.")
    clara.post("extend", {"seconds": "60"})
    expect(clock).to_have_text(re.compile(r"9:\d\d"))

    clara.post("pause", {"reason": "Fire drill"})
    expect(page.get_by_text("Paused: Fire drill")).to_be_visible()
    assert_usable(page)
    expect(clock).to_have_count(0)
    standing = page.locator(".clock").inner_text()
    form.get_by_role("button", name="Propose this package").click()
    expect(form.get_by_role("alert")).to_contain_text("paused: nothing was sent. Your entry is kept")
    page.wait_for_timeout(1200)
    assert page.locator(".clock").inner_text() == standing
    assert not running.state(session).decided
    assert len(page_faults) == 1 and "status of 409" in page_faults.pop()

    clara.post("resume")
    expect(clock).to_be_visible()
    state = running.state(session)
    left = state.step.deadline - time.time()  # type: ignore[union-attr]
    minutes, seconds = clock.inner_text().split(":")
    assert abs(60 * int(minutes) + int(seconds) - left) < 2
    *_, paused, resumed = (event for event in running.events(session) if event.kind in ("paused", "resumed"))
    minutes, seconds = re.search(r"(\d+):(\d+)", standing).groups()  # type: ignore[union-attr]
    assert abs(60 * int(minutes) + int(seconds) - (step.deadline + 60 - paused.at)) <= 1
    assert resumed.data["deadline"] - resumed.at == pytest.approx(step.deadline + 60 - paused.at, abs=0.1)
    expect(form.get_by_label("three years")).to_be_checked()
    form.get_by_role("button", name="Propose this package").click()
    assert running.until(session, lambda now: now.history).history[0].why == "We need it."


def test_who_comes_late_to_a_seat_fits_in_and_a_team_sees_whose_decision_counted(
    new_context: NewContext, page_faults: list[str], running: Server, clara: Instructor
) -> None:
    session = clara.create("river_dam", RIVER)
    codes = clara.codes()
    clara.post("begin")
    step = running.settled(session).step
    assert step
    first = joined(new_context(), running, codes["upland"], "سارة الأحمد")
    second = joined(new_context(), running, codes["upland"], "ليلى حسن")
    none = new_context(java_script_enabled=False)
    old = joined(none, running, codes["upland"], "Zoë")
    older = none.new_page()
    older.goto(old.url)
    for each in (first, second):
        expect(each.get_by_role("heading", name="propose a package")).to_be_visible()
    second.locator("#why").press_sequentially("I would rather")

    # Each name is by itself: two that are written from the right do not change places.
    boxes = [second.locator("bdi", has_text=name).first.bounding_box() for name in ("سارة", "ليلى")]
    assert boxes[0] and boxes[1] and boxes[0]["x"] < boxes[1]["x"]

    decide(first, step, "I was first.")
    for each in (first, second):
        expect(each.get_by_text("Your decision (سارة الأحمد)")).to_be_visible()
        expect(form_of(each, step.number)).to_have_count(0)
    # Pages without JavaScript still show the form.
    form_of(older, step.number).get_by_role("button", name="What is it worth?").click()
    expect(older.get_by_role("alert").first).to_have_text("Upland is not asked for an offer.")
    form_of(old, step.number).get_by_role("button", name="Propose this package").click()
    expect(old.get_by_role("alert").first).to_contain_text("Too late")
    assert [each.why for each in running.state(session).history] == ["I was first."]
    assert [re.findall(r"status of (\d+)", fault) for fault in page_faults] == [["400"], ["409"]]
    page_faults.clear()


def test_ten_tabs_are_all_told_at_once_and_one_too_many_says_that_it_is_not(
    new_context: NewContext, running: Server, clara: Instructor
) -> None:
    session = clara.create("river_dam", RIVER)
    codes = clara.codes()
    context = new_context()
    tabs = [joined(context, running, codes["upland"], "Ann")]
    for _ in range(9):
        tabs.append(context.new_page())
        tabs[-1].goto(tabs[0].url)
    clara.post("begin")
    running.settled(session)
    for tab in tabs:
        expect(tab.get_by_role("heading", name="propose a package")).to_be_visible()

    with Person(running) as ben:
        ben.join(codes["lowland"], "Ben")
        tabs[3].evaluate(
            """() => {
                const heard = new MutationObserver(() => {
                    if (document.body.textContent.includes("We listen.")) window.heard ??= Date.now() / 1000;
                });
                heard.observe(document.body, {childList: true, subtree: true});
            }"""
        )
        ben.post("say", {"statement": "We listen."})
    for tab in tabs:
        expect(tab.get_by_text("We listen.")).to_be_visible()
    said = next(event for event in running.events(session) if event.kind == "stated")
    assert tabs[3].evaluate("window.heard") - said.at < PROMPT

    cookies = "; ".join(f"{each['name']}={each['value']}" for each in context.cookies(tabs[0].url))
    address = tabs[0].url.replace("http", "ws", 1) + "live"
    with ExitStack() as stack:
        for _ in range(SOCKETS - len(tabs)):
            socket = connect(address, origin=running.url, additional_headers={"Cookie": cookies})
            stack.enter_context(socket).recv()
        last = context.new_page()
        last.goto(tabs[0].url)
        expect(last.get_by_text("This page is open too often")).to_be_visible()
        assert_accessible(last)
        ben_says = "Still here."
        with Person(running) as ben:
            ben.join(codes["lowland"], "Ben")
            ben.post("say", {"statement": ben_says})
        expect(tabs[9].get_by_text(ben_says)).to_be_visible()
        expect(last.get_by_text(ben_says)).to_have_count(0)
        last.reload()
        expect(last.get_by_text(ben_says)).to_be_visible()


def test_a_page_without_its_network_for_a_while_catches_up_by_itself(
    new_context: NewContext, page_faults: list[str], running: Server, clara: Instructor
) -> None:
    session = clara.create("river_dam", RIVER)
    codes = clara.codes()
    context = new_context()
    page = joined(context, running, codes["lowland"], "Ben")
    with Person(running) as ann:
        ann.join(codes["upland"], "Ann")
        clara.post("begin")
        running.settled(session)
        page.locator("#statement").press_sequentially("We were about to")
        context.set_offline(True)
        expect(page.get_by_text("The server does not answer.")).to_be_visible()
        ann.decide(why="Nobody there?")
        ann.post("say", {"statement": "Hello?"})
        page.wait_for_timeout(4000)
        expect(page.locator("#connection")).to_be_visible()
        expect(page.get_by_text("Hello?")).to_have_count(0)
        context.set_offline(False)
        expect(page.get_by_text("Hello?")).to_be_visible(timeout=10_000)
    expect(page.locator("#connection")).to_be_hidden()
    expect(page.get_by_role("heading", name="propose a package")).to_be_visible()
    expect(page.locator("#statement")).to_have_value("We were about to")
    assert page_faults and all("ERR_INTERNET_DISCONNECTED" in fault for fault in page_faults), page_faults
    page_faults.clear()


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_neither_reload_nor_back_sends_a_form_twice_and_who_leaves_may_come_again(
    new_context: NewContext, page_faults: list[str], running: Server, clara: Instructor, script: bool
) -> None:
    session = clara.create("river_dam", RIVER)
    codes = clara.codes()
    clara.post("begin")
    step = running.settled(session).step
    assert step
    page = joined(new_context(java_script_enabled=script), running, codes["upland"], "Ann")
    home = page.url
    decide(page, step, "We need water.")
    expect(page.get_by_text("We need water.").first).to_be_visible()
    page.get_by_label("Say in public").fill("Said once.")
    page.get_by_role("button", name="Make the statement").click()
    expect(page.get_by_role("listitem").filter(has_text="Said once.")).to_be_visible()
    page.reload()
    page.go_back()
    page.reload()
    page.goto(home)
    expect(page.get_by_label("Say in public")).to_have_value("")
    events = running.events(session)
    assert [event.data["why"] for event in events if event.kind == "decided"] == ["We need water."]
    assert [event.data["text"] for event in events if event.kind == "stated"] == ["Said once."]

    page.get_by_role("button", name="Leave this seat").click()
    expect(page).to_have_url(f"{running.url}/")
    page.goto(home)
    expect(page.get_by_text("you have left")).to_be_visible()
    assert len(page_faults) == 1 and "status of 403" in page_faults.pop()
    page.goto(f"{running.url}/join/{codes['upland']}")
    page.get_by_label("Your name").fill("Ann again")
    page.get_by_role("button", name="Take the seat").click()
    expect(page.get_by_text("We need water.").first).to_be_visible()
    expect(page.get_by_text("You are here as Ann again")).to_be_visible()


# ---- on paper and on the wall ------------------------------------------------------------------------


def test_a_briefing_is_printed_on_few_sheets(page: Page, running: Server, clara: Instructor) -> None:
    clara.create("january_2022", ("russia",), title="Paper")
    page = joined(page.context, running, clara.codes()["russia"], "Ann")
    page.get_by_role("link", name="The whole briefing").click()
    expect(page.get_by_role("heading", name="What is at stake for you")).to_be_visible()
    assert_usable(page)
    assert 2 <= sheets(page) <= 4


def test_a_qr_code_on_the_wall_is_the_address_of_its_seat(
    page: Page, running: Server, clara: Instructor
) -> None:
    clara.create("river_dam", RIVER)
    code = clara.codes()["lowland"]
    cookie = {"name": "token", "value": clara.token, "url": running.url + clara.path}
    page.context.add_cookies([cookie])
    page.goto(f"{running.url}{clara.path}projector")
    picture = page.get_by_alt_text("QR code of Lowland")
    drawn = Image.open(io.BytesIO(picture.screenshot())).convert("L")
    expected = segno.make_qr(f"{running.url}/join/{code}", error="m")
    rows = [list(row) for row in expected.matrix_iter(border=4)]
    side, count = drawn.width, len(rows)
    shown = [
        [
            drawn.getpixel((int((x + 0.5) * side / count), int((y + 0.5) * side / count))) < 128
            for x in range(count)
        ]
        for y in range(count)
    ]
    assert shown == [[bool(module) for module in row] for row in rows]

"""Chromium for tests, watched: what a page logs as an error, fails to load or asks of the outside fails its test.

`conftest.py` makes the fixtures known to every test file: `page` for one page, `new_context` for several people (each
context has its own cookies), `page_faults` for a test that provokes a fault on purpose, `browser` beneath them all.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from textwrap import indent
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    # Late: every pytest run loads this file, few open a browser.
    from playwright.sync_api import Browser, BrowserContext, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Whatever a page tries, no name but the test server's is looked up.
ARGUMENTS = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


def chromium_path() -> str | None:
    """The installed Chromium, None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


# Not for the session: while it is open, Playwright's event loop counts as running in this thread, and `asyncio.run`
# fails in every later test of the same worker.
@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Headless Chromium. Without one, tests are skipped, or fail where CI is set."""
    path = chromium_path()
    if path is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"browser tests need Chromium on PATH, as one of {', '.join(NAMES)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page_faults() -> Iterator[list[str]]:
    """What went wrong in the pages of `new_context`, in order; must be empty when the test ends.

    A test that provokes faults on purpose asserts what they are, then clears the list.
    """
    faults: list[str] = []
    yield faults
    if faults:
        pytest.fail("the browser reports:\n" + "\n".join(faults), pytrace=False)


@pytest.fixture
def new_context(browser: "Browser", page_faults: list[str]) -> "Iterator[Callable[..., BrowserContext]]":
    """Opens a watched context: one person's browser. Takes Playwright's options of `Browser.new_context`."""
    contexts = []

    def open_context(**options: object) -> "BrowserContext":
        context = browser.new_context(**options)
        _watch(context, page_faults)
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_context: "Callable[..., BrowserContext]") -> "Page":
    """A page of a watched context with the usual options."""
    return new_context().new_page()


def assert_accessible(page: "Page") -> None:
    """axe-core finds no serious or critical violation on the page as it now is; works under any CSP.

    The page must be open to JavaScript, axe being some.
    """
    from axe_playwright_python.sync_playwright import Axe

    violations = [
        violation
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
    found = [
        f"{violation['impact']} {violation['id']}: {violation['help']} ({violation['helpUrl']})\n"
        + "\n".join(
            f"  {node['html']}\n{indent(node['failureSummary'], ' ' * 4)}" for node in violation["nodes"]
        )
        for violation in violations
    ]
    if found:
        pytest.fail(f"{page.url} is not accessible:\n" + "\n".join(found), pytrace=False)


def _watch(context: "BrowserContext", faults: list[str]) -> None:
    """Write down console errors, uncaught exceptions, failed requests and all that is not asked of 127.0.0.1."""

    def asked(kind: str, url: str) -> None:
        # data: and blob: addresses have no host.
        if urlsplit(url).hostname not in {None, "127.0.0.1"}:
            faults.append(f"outside {kind}: {url}")

    def failed(url: str, failure: str | None) -> None:
        # Aborted is what a page that is left, or a download, does to its own requests.
        if failure != "net::ERR_ABORTED":
            faults.append(f"failed request: {url} ({failure})")

    def logged(kind: str, text: str, url: str) -> None:
        if kind == "error":
            faults.append(f"console: {text} ({url})")

    context.on("console", lambda message: logged(message.type, message.text, message.location["url"]))
    context.on("weberror", lambda error: faults.append(f"exception: {error.error}"))
    context.on("request", lambda request: asked("request", request.url))
    context.on("requestfailed", lambda request: failed(request.url, request.failure))
    context.on("page", lambda page: page.on("websocket", lambda socket: asked("socket", socket.url)))

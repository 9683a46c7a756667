"""What watches pages in the browser tests can fail: each test plants one fault and looks for its report."""

from collections.abc import Callable

import pytest
from browser import assert_accessible
from playwright.sync_api import BrowserContext, Page

SITE = "http://127.0.0.1/"
CSP = "default-src 'none'; script-src 'self'; connect-src 'self'"


def planted(context: BrowserContext, body: str, csp: str = "") -> Page:
    """A page with this body, from no server."""
    html = f'<!doctype html><html lang="en"><title>Planted</title><main><h1>Planted</h1>{body}</main></html>'
    headers = {"Content-Security-Policy": csp} if csp else {}
    context.route(SITE, lambda route: route.fulfill(body=html, content_type="text/html", headers=headers))
    page = context.new_page()
    page.goto(SITE)
    return page


@pytest.mark.parametrize(
    ("fault", "csp", "expected"),
    [
        ("<script>console.error('astray')</script>", "", "console: astray"),
        ("<script>throw new Error('astray')</script>", "", "exception: astray"),
        ("<script>document.title = 'inline'</script>", CSP, "console: Executing inline script violates"),
        ("<img alt='' src='http://192.0.2.1/a.png'>", "", "outside request: http://192.0.2.1/a.png"),
        ("<script>new WebSocket('ws://192.0.2.1/')</script>", "", "outside socket: ws://192.0.2.1/"),
        ("<img alt='' src='http://127.0.0.1:1/a.png'>", "", "failed request: http://127.0.0.1:1/a.png"),
    ],
)
def test_a_fault_of_a_page_is_reported(
    new_context: Callable[..., BrowserContext], page_faults: list[str], fault: str, csp: str, expected: str
) -> None:
    page = planted(new_context(), fault, csp)
    for _ in range(40):  # a request is reported when it is made, which may be after the page has loaded
        if any(reported.startswith(expected) for reported in page_faults):
            break
        page.wait_for_timeout(50)
    else:
        pytest.fail(f"not reported: {expected}\nreported: {page_faults}")
    page_faults.clear()


def test_axe_finds_a_field_without_a_label_under_a_strict_policy(
    new_context: Callable[..., BrowserContext],
) -> None:
    page = planted(new_context(), "<input id='found' autocomplete='off'>", CSP)
    with pytest.raises(pytest.fail.Exception, match="critical label: Form elements must have labels"):
        assert_accessible(page)


def test_axe_passes_a_field_with_a_label_under_a_strict_policy(
    new_context: Callable[..., BrowserContext],
) -> None:
    assert_accessible(planted(new_context(), "<label>Name <input autocomplete='off'></label>", CSP))

"""The review page as two officers meet it: the first by keyboard alone, the second blind, and the list corroborated."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from stillgraph.casework import analysing, reviewing
from stillgraph.dashboards import serve

pytestmark = pytest.mark.browser

REASON = "the notch in the left ear"
WAIT_MS = 60_000


@pytest.fixture
def sits(browser, serve_as, small_case):
    """Return a function that opens the review page as an officer, and closes it when the next sits down."""
    open_now = []

    def sit(officer: str):
        stand()
        seat = {
            "STILLGRAPH_CASE": str(small_case.directory), "STILLGRAPH_OFFICER": officer,
            "STILLGRAPH_OPERATION": "OP-TEST", "STILLGRAPH_REASON": "test the pages",
        }  # fmt: skip
        serving = serve_as(seat)
        site = serving.__enter__()
        open_now.append(serving)
        browser.page.set_viewport_size({"width": 1280, "height": 900})
        browser.page.goto(serve.page_url(site.port, site.token, "review"))
        expect(browser.page.locator(".sg-pick img").first).to_be_visible(timeout=WAIT_MS)
        return browser.page

    def stand():
        browser.page.goto("about:blank")  # before its server ends, which it would complain of
        while open_now:
            open_now.pop().__exit__(None, None, None)

    yield sit
    stand()


def under_review(page) -> str:
    return page.locator(".sg-context figcaption").inner_text()


def tab_to(page, says: str, within: str = "body", most: int = 120) -> None:
    """Press Tab until what has the focus says something; it must be seen to have it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "([within]) => { const e = document.activeElement; if (!e.closest(within)) return '';"
            " const named = e.labels && e.labels.length ? e.labels[0].innerText : '';"
            " const above = e.closest('fieldset'); const legend = above ? above.querySelector('legend').innerText : '';"
            " return [e.title, e.getAttribute('aria-label'), named, legend, e.innerText, e.placeholder].join(' | '); }",
            [within],
        )
        if says in said:
            assert page.evaluate("document.activeElement.matches(':focus-visible')")
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"no Tab leads to {says!r}")


def shown(page):
    """Wait until both pictures are there."""
    for side in page.locator(".sgv-said").all():
        expect(side).to_contain_text("large", timeout=WAIT_MS)


def canvas(page) -> str:
    """Return what is drawn once it has come to rest."""
    expect(page.locator(".sgv canvas")).to_have_attribute("data-drawn", "at rest", timeout=WAIT_MS)
    return page.evaluate("document.querySelector('.sgv canvas').toDataURL()")


def test_two_officers_review_a_list_the_first_by_keyboard_alone_and_it_is_corroborated(sits, browser, small_case):
    page = sits("first")
    face = under_review(page)
    listed = dict(next(i for i in reviewing.queue(small_case.seat("first")) if i.face_id == face).candidates)
    nominal = min(listed)
    for answer in ("Supports the candidate compared", "No candidate is this person", "Inconclusive"):
        expect(page.get_by_role("button", name=answer)).to_be_disabled()
    sizes = {
        (round(b["width"]), b["height"]) for b in [x.bounding_box() for x in page.locator(".sg-verdict button").all()]
    }
    assert len(sizes) == 1
    tab_to(page, f"Compare: {nominal}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Compare {nominal}")).to_be_visible(timeout=WAIT_MS)
    shown(page)

    tab_to(page, "Pictures; ? lists the keys")
    side_by_side = canvas(page)
    for key, mode in (("2", "Overlay"), ("4", "Vertical curtain"), ("5", "Horizontal curtain"), ("1", "Side by side")):
        page.keyboard.press(key)
        expect(page.get_by_role("button", name=mode)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()

    tab_to(page, "texture", within=".sgc")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("group", name="texture", exact=True).get_by_label("differs")).to_be_checked()
    tab_to(page, "Note on skin / texture")
    page.keyboard.type("blurred")
    tab_to(page, "What the still lets you see")
    page.keyboard.type("dark, a quarter turned")
    tab_to(page, "The same of the custody images")
    page.keyboard.type("frontal, sharp")
    tab_to(page, "What your judgement rests on")
    page.keyboard.type(REASON)
    tab_to(page, "moderate support")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=f"Supports {nominal}")).to_be_enabled(timeout=WAIT_MS)
    tab_to(page, f"Supports {nominal}")
    page.keyboard.press("Enter")
    expect(page.locator(".sg-notice", has_text=f"Recorded for {face}: supports {nominal}.")).to_be_visible(
        timeout=WAIT_MS
    )
    assert "until a review is settled it stays blind" in page.inner_text(".sg-page")
    (judged,) = reviewing.history(small_case.seat("first"), face)
    assert (judged.nominal_id, judged.reason, judged.comparison.still) == (nominal, REASON, "dark, a quarter turned")
    ((entry),) = judged.comparison.checklist
    assert (entry.component, entry.characteristic, str(entry.observation), entry.note) == (
        "skin", "texture", "differs", "blurred"
    )  # fmt: skip
    assert side_by_side.startswith("data:image/png")

    page = sits("second")
    for _ in range(10):
        if under_review(page) == face:
            break
        before = under_review(page)
        page.get_by_role("button", name="Give this list back").click()
        expect(page.locator(".sg-context figcaption")).not_to_have_text(before, timeout=WAIT_MS)
    assert under_review(page) == face
    for told in (REASON, "moderate support.", "corroborated", "supports " + nominal, "Two officers differ"):
        assert told not in page.inner_text("body")
    page.get_by_title(f"Compare: {nominal}", exact=True).click()
    shown(page)
    page.get_by_label("The still", exact=True).fill("dark")
    page.get_by_label("The custody images").fill("sharp")
    page.get_by_label("Reason", exact=True).fill("both ears")
    page.get_by_role("button", name="strong support").click()
    page.get_by_role("button", name=f"Supports {nominal}").click()
    expect(page.locator(".sg-note", has_text="The review is settled: corroborated.")).to_be_visible(timeout=WAIT_MS)
    outcome = analysing.query(small_case.seat(), f"SELECT outcome, nominal_id FROM reviews WHERE face_id = '{face}'")
    assert outcome.values.tolist() == [["corroborated", nominal]]
    assert browser.others == []
    assert browser.errors == []


def test_the_viewer_shows_both_pictures_in_every_way_and_no_way_measures(sits, browser):
    page = sits("first")
    page.locator(".sg-pick button").first.click()
    shown(page)
    stage = page.locator(".sgv-stage")
    stage.focus()
    start = canvas(page)
    seen = {}
    for key in ("2", "3", "4", "5"):
        page.keyboard.press(key)
        if key == "3":
            page.keyboard.press(" ")
        seen[key] = canvas(page)
    assert len({start, *seen.values()}) == 5
    page.keyboard.press("1")
    for key, back in (("g", "g"), ("l", "l"), ("c", "C"), ("m", "M"), ("+", "0"), ("x", "x")):
        assert canvas(page) == start, f"before {key}"
        page.keyboard.press(key)
        assert (canvas(page) != start) is (key != "x"), key
        page.keyboard.press(back)
    page.keyboard.press("+")
    page.keyboard.press("+")
    zoomed = canvas(page)
    page.keyboard.press("ArrowRight")
    assert canvas(page) != zoomed
    page.keyboard.press("2")
    moving, bare = frames_ms(page)
    assert moving < 3 * bare, "whatever the machine draws in a frame, the viewer draws in little more"
    page.keyboard.press("x")

    # Drag the curtain, and move by the pointer.
    page.keyboard.press("4")
    box = page.locator(".sgv canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 200, steps=4)
    page.mouse.up()
    expect(page.locator(".sgv-slot output")).to_have_text("25 %")
    for word in ("distance", "angle", "ruler", "measure", "pixels"):
        assert word not in page.locator(".sgv").inner_text().lower()
    for width in (1280, 900, 480):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.others == []
    assert browser.errors == []


def frames_ms(page) -> tuple[float, float]:
    """Return the median frame in ms while the overlay moves, and while two such pictures are drawn and nothing else."""
    return page.evaluate(
        """async () => {
            const stage = document.querySelector('.sgv-stage'), shown = stage.querySelector('canvas');
            const press = (key) => stage.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
            const next = () => new Promise(requestAnimationFrame);
            const bare = Object.assign(document.createElement('canvas'), {width: shown.width, height: shown.height});
            shown.after(bare);
            const picture = await createImageBitmap(shown, 0, 0, 1000, Math.min(shown.height, 1200));
            const context = bare.getContext('2d', {alpha: false});
            press('+');
            await next();
            const took = [[], []];
            for (let n = 0; n < 120; n++) {
                const plain = Math.floor(n / 10) % 2;
                if (plain) for (const at of [0, n % 2]) context.drawImage(picture, at, 0, bare.width, bare.height);
                else press(n % 2 ? 'ArrowLeft' : 'ArrowRight');
                const begun = performance.now();
                await next();
                took[plain].push(performance.now() - begun);
            }
            bare.remove();
            return took.map((times) => times.sort((a, b) => a - b)[30]);
        }"""
    )

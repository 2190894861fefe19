"""The HTML report in a real browser: from disk, without network, at two widths, light and dark."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.report import build_report
from bench_reports import html
from tests.report_records import ENVIRONMENT, NASTY, failed, picture, plan, record, whole_suite

webdriver = pytest.importorskip(
    "selenium.webdriver", reason="selenium is not installed: pip install 'depthbench[test]'"
)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CHROMEDRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER),
    reason="no chromium with chromedriver on PATH: apt install chromium chromium-driver",
)
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
OWN_SCHEMES = ("data:", "blob:", "chrome:", "about:")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    records = whole_suite()
    records += [record(plan(NASTY, seed=seed), accuracy=0.7 + seed / 100) for seed in range(3)]
    records += [failed(plan("breaker"), reason=NASTY)]
    report = build_report(records, {"env-a": ENVIRONMENT}, picture, title=f"suite {NASTY}", command="bench run suite")
    return html.render(report, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # The driver is named, so that selenium looks for none on the network.
    driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    yield driver
    driver.quit()


def show(browser: Any, page: Path, *, width: int = 1400, theme: str = "light") -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wanted = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(page.as_uri())
    browser.execute_script("localStorage.clear()")
    browser.get(page.as_uri())


def wait(browser: Any, script: str, *arguments: Any, seconds: float = 20.0) -> Any:
    """Return what a script says as soon as it says something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = browser.execute_script(script, *arguments)
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"still nothing after {seconds} s: {script}")


def draw(browser: Any, number: int = 0) -> Any:
    """Scroll to a figure and return its first drawn element once it is there."""
    browser.execute_script(
        "document.querySelectorAll('.chart')[arguments[0]].scrollIntoView({block: 'center'})",
        number,
    )
    return wait(browser, "return document.querySelectorAll('.chart')[arguments[0]].querySelector('.main-svg')", number)


def column(browser: Any, number: int) -> list[str]:
    script = (
        "const rows = [...document.querySelector('#section-1 table').tBodies[0].rows];"
        "return rows.map(row => row.children[arguments[0]].dataset.value ?? '')"
    )
    rows: list[str] = browser.execute_script(script, number)
    return rows


def head(browser: Any, title: str) -> tuple[int, Any]:
    heads = browser.execute_script("return [...document.querySelector('#section-1 table').tHead.rows[0].cells]")
    names = browser.execute_script("return arguments[0].map(c => c.querySelector('.name').textContent)", heads)
    return names.index(title), heads[names.index(title)]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 400])
def test_page_opens_without_error_request_or_overflow(browser: Any, page: Path, width: int, theme: str) -> None:
    show(browser, page, width=width, theme=theme)
    count = browser.execute_script("return document.querySelectorAll('.chart').length")
    assert count == 5
    for number in range(count):
        draw(browser, number)
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    assert page.as_uri() in asked
    assert {url for url in asked if not url.startswith(OWN_SCHEMES)} == {page.as_uri()}
    entries = browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert all(entry.startswith(OWN_SCHEMES) for entry in entries)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("theme", "is_dark"), [("light", False), ("dark", True)])
def test_colours_follow_the_system_and_the_button(browser: Any, page: Path, theme: str, is_dark: bool) -> None:
    show(browser, page, theme=theme)
    assert _is_dark(browser) is is_dark
    browser.find_element("id", "theme").click()
    assert _is_dark(browser) is not is_dark
    browser.refresh()
    assert _is_dark(browser) is not is_dark


def _is_dark(browser: Any) -> bool:
    colors = browser.execute_script("const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]")
    page, ink = (sum(int(part) for part in color[4:-1].split(",")[:3]) for color in colors)
    return page < ink


def test_table_sorts_by_number_both_ways_and_absent_last(browser: Any, page: Path) -> None:
    show(browser, page)
    number, cell = head(browser, "Parameters")
    cell.find_element("tag name", "button").click()
    assert cell.get_attribute("aria-sort") == "descending"
    values = column(browser, number)
    known = [float(value) for value in values if value]
    assert known == sorted(known, reverse=True)
    assert values[len(known) :] == [""] * (len(values) - len(known))
    assert len(known) > 3
    cell.find_element("tag name", "button").click()
    again = column(browser, number)
    assert [float(value) for value in again if value] == sorted(known)
    assert again[-1] == ""


def test_table_sorts_from_the_keyboard(browser: Any, page: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    show(browser, page)
    number, cell = head(browser, "Model")
    cell.find_element("tag name", "button").send_keys(Keys.ENTER)
    names = column(browser, number)
    assert cell.get_attribute("aria-sort") == "ascending"
    assert names.index("lenet") < names.index("logistic") < names.index("resnet")


def test_lower_is_better_sorts_the_best_first(browser: Any, page: Path) -> None:
    show(browser, page)
    number, cell = head(browser, "Training")
    cell.find_element("tag name", "button").click()
    known = [float(value) for value in column(browser, number) if value]
    assert known == sorted(known)


@pytest.mark.parametrize("width", [1400, 400])
def test_pointing_at_a_model_tells_about_it(browser: Any, page: Path, width: int) -> None:
    from selenium.webdriver import ActionChains

    show(browser, page, width=width)
    draw(browser)
    script = (
        "const all = [...document.querySelector('.chart').querySelectorAll('.trace.scatter .points path')];"
        "return all.length > 5 && all"
    )
    seen = []
    for point in wait(browser, script)[-8:]:
        ActionChains(browser).move_to_element(point).perform()
        seen.append(wait(browser, "return document.querySelector('.chart .hoverlayer').textContent"))
    assert any("lenet" in text and "runs" in text and "training" in text for text in seen)


def test_switch_turns_epochs_into_seconds(browser: Any, page: Path) -> None:
    show(browser, page)
    draw(browser, 1)
    title = "return document.querySelectorAll('.chart')[1].querySelector('.xtitle')?.textContent"
    assert wait(browser, title) == "Epoch"
    browser.find_element("css selector", ".switch button[data-index='1']").click()
    wait(browser, f"return ({title.removeprefix('return ')}) === 'Training time (s)'")


def test_hostile_texts_show_as_they_are(browser: Any, page: Path) -> None:
    show(browser, page)
    draw(browser)
    labels = browser.execute_script("return [...document.querySelectorAll('tbody .label')].map(e => e.textContent)")
    assert NASTY in labels
    legend = browser.execute_script("return document.querySelector('.chart .legend').textContent")
    assert "<script>alert('x')</script>" in legend
    assert browser.execute_script("return document.querySelectorAll('.chart script, .chart iframe').length") == 0


def test_numbers_align_and_first_column_stays(browser: Any, page: Path) -> None:
    show(browser, page, width=400)
    style = browser.execute_script(
        "const s = getComputedStyle(document.querySelector('td.number')); return [s.textAlign, s.fontVariantNumeric]"
    )
    assert style[0] == "right"
    assert "tabular-nums" in style[1]
    places = browser.execute_script(
        "const box = document.querySelector('#section-1 .scroll'), cell = box.querySelector('tbody th');"
        "const before = cell.getBoundingClientRect().left; box.scrollLeft = 300;"
        "return [before, cell.getBoundingClientRect().left, box.scrollLeft]"
    )
    assert places[0] == places[1]
    assert places[2] == 300


def test_failure_opens_to_its_traceback(browser: Any, page: Path) -> None:
    show(browser, page)
    browser.execute_script("document.querySelector('#failures details summary').click()")
    assert "Traceback" in browser.find_element("css selector", "#failures details[open] pre").text

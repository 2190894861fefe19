"""The page in a real browser: from disk, without network, at two widths, light and dark, by pointer and keyboard."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench_reports import html
from tests.sample_report import sample_report
from tests.sample_tables import CLASSIFIERS, NASTY

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
TABLE = "#digits-results"
SCATTER = "#chart-digits-pareto"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return html.render(sample_report(), tmp_path_factory.mktemp("report"))


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


def draw(browser: Any, figure: str) -> Any:
    """Scroll to a figure and return its first drawn element once it is there."""
    browser.execute_script("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", figure)
    return wait(browser, "return document.querySelector(arguments[0]).querySelector('.main-svg')", figure)


def find(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def texts(browser: Any, selector: str) -> list[str]:
    """Return the texts of what a selector finds and a reader can see."""
    script = (
        "return [...document.querySelectorAll(arguments[0])].filter(e => e.offsetParent).map(e => e.textContent.trim())"
    )
    found: list[str] = browser.execute_script(script, selector)
    return found


def column(browser: Any, title: str) -> list[str]:
    """Return what a column of the first results shows, from the top, without what is in small print."""
    script = (
        "const table = document.querySelector(arguments[0]);"
        "const place = [...table.tHead.rows[0].cells].findIndex(c => c.textContent.startsWith(arguments[1]));"
        "const first = cell => (cell.querySelector('.label') || cell.querySelector('.value') || cell.firstChild);"
        "return [...table.tBodies[0].rows].map(row => first(row.cells[place]).textContent.trim())"
    )
    rows: list[str] = browser.execute_script(script, TABLE, title)
    return rows


def head(browser: Any, title: str) -> Any:
    cells = browser.find_elements("css selector", f"{TABLE} thead th")
    return next(cell for cell in cells if cell.text.startswith(title))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 400])
def test_page_opens_without_error_request_or_overflow(browser: Any, page: Path, width: int, theme: str) -> None:
    show(browser, page, width=width, theme=theme)
    seen = browser.execute_script(
        "return [...document.querySelectorAll('.chart')].filter(c => c.offsetParent).map(c => c.id)"
    )
    assert len(seen) == 6
    for name in seen:
        draw(browser, f"#{name}")
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    assert page.as_uri() in asked
    assert {url for url in asked if not url.startswith(OWN_SCHEMES)} == {page.as_uri()}
    entries = browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert all(entry.startswith(OWN_SCHEMES) for entry in entries)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_tables_need_no_scrolling_on_a_wide_page(browser: Any, page: Path) -> None:
    show(browser, page)
    script = (
        "return [...document.querySelectorAll('main .scroll')].filter(e => e.offsetParent)"
        ".filter(e => e.scrollWidth > e.clientWidth).map(e => e.getAttribute('aria-label'))"
    )
    assert [label for label in browser.execute_script(script) if label != "Wins"] == []


@pytest.mark.parametrize(("theme", "is_dark"), [("light", False), ("dark", True)])
def test_colours_follow_the_system_and_the_button(browser: Any, page: Path, theme: str, is_dark: bool) -> None:
    show(browser, page, theme=theme)
    assert _is_dark(browser) is is_dark
    find(browser, "#theme").click()
    assert _is_dark(browser) is not is_dark
    browser.refresh()
    assert _is_dark(browser) is not is_dark


def _is_dark(browser: Any) -> bool:
    colors = browser.execute_script("const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]")
    page, ink = (sum(int(part) for part in color[4:-1].split(",")[:3]) for color in colors)
    return page < ink


def test_table_sorts_by_number_both_ways_and_absent_last(browser: Any, page: Path) -> None:
    show(browser, page)
    cell = head(browser, "Parameters")
    cell.find_element("tag name", "button").click()
    assert cell.get_attribute("aria-sort") == "descending"
    sizes = sorted((each[8] for each in CLASSIFIERS.values() if each[8] is not None), reverse=True)
    absent = ["–"] * (len(CLASSIFIERS) - len(sizes))
    assert column(browser, "Parameters") == [*(f"{size:,}" for size in sizes), *absent]
    cell.find_element("tag name", "button").click()
    assert column(browser, "Parameters") == [*(f"{size:,}" for size in reversed(sizes)), *absent]


def test_table_sorts_from_the_keyboard(browser: Any, page: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    show(browser, page)
    cell = head(browser, "Model")
    cell.find_element("tag name", "button").send_keys(Keys.ENTER)
    assert cell.get_attribute("aria-sort") == "ascending"
    assert column(browser, "Model") == sorted(CLASSIFIERS)


def test_lower_is_better_sorts_the_best_first(browser: Any, page: Path) -> None:
    show(browser, page)
    head(browser, "Training").find_element("tag name", "button").click()
    seconds = [float(value) for value in column(browser, "Training")]
    assert seconds == sorted(seconds)


def test_more_numbers_are_shown_on_demand(browser: Any, page: Path) -> None:
    show(browser, page)
    assert not head_titles(browser) & {"Macro F1", "Calibration error", "Depth"}
    button = find(browser, f"[aria-controls='{TABLE[1:]}']")
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    assert head_titles(browser) >= {"Macro F1", "Calibration error", "Depth", "Accuracy"}
    button.click()
    assert not head_titles(browser) & {"Macro F1", "Calibration error", "Depth"}


def head_titles(browser: Any) -> set[str]:
    return {text.partition("\xa0")[0] for text in texts(browser, f"{TABLE} thead .name")}


def test_a_metric_is_chosen(browser: Any, page: Path) -> None:
    show(browser, page)
    assert "Accuracy of every model on every data set." in texts(browser, "#across-scores .caption")
    find(browser, "#across-scores button[data-option='1']").click()
    assert texts(browser, "#across-scores .caption") == ["Macro F1 of every model on every data set."]
    assert find(browser, "#across-scores button[data-option='1']").get_attribute("aria-pressed") == "true"


def test_another_axis_is_drawn_once_it_is_chosen(browser: Any, page: Path) -> None:
    show(browser, page)
    draw(browser, "#chart-digits-curves-epochs")
    find(browser, "#digits-curves button[data-option='1']").click()
    title = "return document.querySelector('#chart-digits-curves-seconds .xtitle')?.textContent"
    assert wait(browser, title) == "Training time (s)"


def test_filter_acts_on_tables_figures_and_pictures(browser: Any, page: Path) -> None:
    show(browser, page)
    draw(browser, SCATTER)
    assert drawn_labels(browser) >= {"lenet", "resnet", "logistic"}
    place = [model.label for model in sample_report().models].index("resnet")
    browser.execute_script("document.querySelector(arguments[0]).click()", f".filter-models input[value='{place}']")
    assert texts(browser, "#shown") == ["12 of 13"]
    assert "resnet" not in texts(browser, "main tbody .label")
    assert wait(browser, "return document.querySelectorAll('.chart .annotation-text').length")
    assert "resnet" not in drawn_labels(browser)
    assert "lenet" in drawn_labels(browser)
    find(browser, "#search").send_keys("CLASS-gauss")
    assert texts(browser, "main figure b") == ["Real images", "class-gaussian"]
    browser.execute_script("document.querySelector('#all').click()")
    assert texts(browser, "#shown") == [""]
    assert "resnet" in texts(browser, f"{TABLE} tbody .label")


def drawn_labels(browser: Any) -> set[str]:
    return set(texts_of_drawing(browser, f"{SCATTER} .annotation-text"))


def texts_of_drawing(browser: Any, selector: str) -> list[str]:
    found: list[str] = browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector
    )
    return found


def test_a_family_is_left_out_at_once(browser: Any, page: Path) -> None:
    show(browser, page)
    find(browser, ".filter-families [data-family='deep']").click()
    assert set(texts(browser, f"{TABLE} tbody .label")) == {
        label for label, each in CLASSIFIERS.items() if each[0] != "deep"
    }


@pytest.mark.parametrize("width", [1400, 400])
def test_pointing_at_a_model_tells_about_it(browser: Any, page: Path, width: int) -> None:
    from selenium.webdriver import ActionChains

    show(browser, page, width=width)
    draw(browser, SCATTER)
    script = f"const all = [...document.querySelectorAll('{SCATTER} .points path')]; return all.length > 5 && all"
    seen = []
    for point in wait(browser, script):
        ActionChains(browser).move_to_element(point).perform()
        seen.append(wait(browser, f"return document.querySelector('{SCATTER} .hoverlayer').textContent"))
    assert len(seen) == len(CLASSIFIERS)
    assert any("lenet (deep)" in text and "98.75 %" in text and "5 runs" in text for text in seen)


def test_pointing_at_a_number_tells_its_runs(browser: Any, page: Path) -> None:
    from selenium.webdriver import ActionChains

    show(browser, page)
    cell = find(browser, f"{TABLE} td.best")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", cell)
    ActionChains(browser).move_to_element(cell).perform()
    told = wait(browser, "const p = document.querySelector('#popup'); return !p.hidden && p.innerText")
    assert "lenet: Accuracy" in told
    assert "0.9814 to 0.9936" in told
    assert "seed 4" in told


def test_the_keyboard_reaches_the_runs_of_every_number(browser: Any, page: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    show(browser, page)
    first = find(browser, f"{TABLE} tbody [tabindex='0']")
    browser.execute_script("document.activeElement.blur()")
    first.send_keys(Keys.ARROW_RIGHT)
    browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    cell = browser.switch_to.active_element
    assert cell.get_attribute("aria-describedby") == "popup"
    assert "resnet: Accuracy" in wait(
        browser, "const p = document.querySelector('#popup'); return !p.hidden && p.innerText"
    )
    cell.send_keys(Keys.ESCAPE)
    assert not find(browser, "#popup").is_displayed()


def test_hostile_texts_show_as_they_are(browser: Any, page: Path) -> None:
    show(browser, page)
    draw(browser, "#chart-adult-sizes-figure")
    assert NASTY in texts(browser, "tbody .label")
    legend = find(browser, "#chart-adult-sizes-figure .legend").get_attribute("textContent")
    assert NASTY[:20] in legend
    assert browser.execute_script("return document.querySelectorAll('.chart script, .chart iframe').length") == 0


def test_axes_stay_within_what_is_possible(browser: Any, page: Path) -> None:
    show(browser, page)
    for figure in (SCATTER, "#chart-across-ranks", "#chart-digits-curves-epochs"):
        draw(browser, figure)
    ends = "const a = document.querySelector(arguments[0])._fullLayout[arguments[1]]; return a.range"
    assert browser.execute_script(ends, SCATTER, "yaxis")[1] == 1
    assert browser.execute_script(ends, "#chart-across-ranks", "xaxis") == [1, 8]
    assert browser.execute_script(ends, "#chart-digits-curves-epochs", "yaxis")[0] == 0


def test_numbers_align_and_first_column_stays(browser: Any, page: Path) -> None:
    show(browser, page, width=400)
    style = browser.execute_script(
        "const s = getComputedStyle(document.querySelector('td.number')); return [s.textAlign, s.fontVariantNumeric]"
    )
    assert style[0] == "right"
    assert "tabular-nums" in style[1]
    places = browser.execute_script(
        f"const box = document.querySelector('{TABLE}').parentElement, cell = box.querySelector('tbody th');"
        "const before = cell.getBoundingClientRect().left; box.scrollLeft = 300;"
        "return [before, cell.getBoundingClientRect().left, box.scrollLeft]"
    )
    assert places[0] == places[1]
    assert places[2] == 300


def test_failure_opens_to_its_traceback(browser: Any, page: Path) -> None:
    show(browser, page)
    for summary in browser.find_elements("css selector", "#failures summary"):
        browser.execute_script("arguments[0].click()", summary)
    assert "Traceback" in find(browser, "#failures details[open] pre").text


def test_a_link_opens_what_it_leads_into(browser: Any, page: Path) -> None:
    show(browser, page)
    browser.execute_script("location.hash = 'machines'")
    wait(browser, "return document.querySelector('#machines').open")


def test_paper_is_light_and_shows_what_is_folded(browser: Any, page: Path) -> None:
    show(browser, page, theme="dark")
    state = (
        "return [document.documentElement.dataset.theme, document.querySelector('#machines').open,"
        " [...document.querySelectorAll('.chart')].filter(c => c.offsetParent && !c.querySelector('.main-svg')).length]"
    )
    assert browser.execute_script(state)[:2] == ["dark", False]
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.execute_script(state) == ["light", True, 0]
    widths = "return [...document.querySelectorAll('.chart .main-svg')].map(e => e.getBoundingClientRect().width)"
    assert max(browser.execute_script(widths)) <= 520
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.execute_script(state)[:2] == ["dark", False]
    # Wider than on paper again.
    wait(browser, f"return Math.max(...({widths.removeprefix('return ')})) > 520")


def test_what_draws_is_there_once_the_page_has_loaded(browser: Any, page: Path) -> None:
    # What prints a page without a reader does so right after this event.
    script = "addEventListener('load', () => { window.atLoad = typeof Plotly; })"
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    show(browser, page)
    assert browser.execute_script("return window.atLoad") == "object"
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)

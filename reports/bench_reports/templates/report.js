// Theme, tables, choices, the filter for models, popups and printing.
(() => {
  "use strict";
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const charts = all(".chart");

  // A page opened from disk may be refused any storage.
  const remembered = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* the choice lasts as long as the page */ } };
  function setTheme(theme) { root.dataset.theme = theme; figures.redraw(); }
  const currentTheme = () => remembered() || (dark.matches ? "dark" : "light");
  setTheme(currentTheme());
  dark.addEventListener("change", () => setTheme(currentTheme()));
  document.getElementById("theme").addEventListener("click", () => {
    const theme = root.dataset.theme === "dark" ? "light" : "dark";
    remember(theme);
    setTheme(theme);
  });

  // Only what is looked at is drawn, so that a page with a hundred figures opens at once.
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting && !figures.isDrawn(entry.target)) figures.draw(entry.target);
  }, { rootMargin: "300px" });
  charts.forEach((chart) => watcher.observe(chart));

  // What is not written down beside a cell is what it shows.
  const orderOf = (cell) => cell.dataset.v ?? (cell.classList.contains("absent") ? "" : (cell.querySelector(".label") || cell.firstChild)?.textContent.trim() ?? "");
  function sortBy(header) {
    const table = header.closest("table"), body = table.tBodies[0];
    const column = [...header.parentElement.children].indexOf(header), isNumber = header.classList.contains("number");
    const before = header.getAttribute("aria-sort");
    const order = before === "none" ? header.dataset.first : before === "ascending" ? "descending" : "ascending";
    for (const other of header.parentElement.children) other.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const rows = [...body.rows].map((row) => [orderOf(row.children[column]), row]);
    rows.sort(([a], [b]) => {
      // What is absent stays at the end, whichever way the rest is turned.
      if (a === "" || b === "") return (a === "") - (b === "");
      const x = Number(a), y = Number(b);
      if (isNumber && !Number.isNaN(x) && !Number.isNaN(y)) return x === y ? 0 : sign * (x < y ? -1 : 1);
      return sign * a.localeCompare(b, "en", { numeric: true });
    });
    body.append(...rows.map(([, row]) => row));
    table.classList.add("sorted");
  }
  for (const button of all("table.sortable thead button")) button.addEventListener("click", () => sortBy(button.closest("th")));
  for (const button of all("button.more")) {
    button.addEventListener("click", () => {
      const isOpen = document.getElementById(button.getAttribute("aria-controls")).classList.toggle("all");
      button.setAttribute("aria-expanded", String(isOpen));
      button.textContent = isOpen ? button.dataset.fewer : button.dataset.more;
      fit([button.closest(".table-head").nextElementSibling]);
    });
  }

  // Where numbers and what stands behind ± do not fit beside each other, they stand below each other in the whole table.
  function fit(boxes) {
    const tables = boxes.map((box) => box.querySelector(":scope > table:not(.heat)")).filter((table) => table?.offsetParent);
    tables.forEach((table) => table.classList.remove("stacked"));
    const wide = tables.filter((table) => table.offsetWidth > table.parentElement.clientWidth);
    wide.forEach((table) => table.classList.add("stacked"));
  }
  // Measured once they are near and whenever their room changes: measuring all of a long page takes seconds.
  const room = new ResizeObserver((entries) => fit(entries.map((entry) => entry.target)));
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { near.unobserve(entry.target); room.observe(entry.target); }
  }, { rootMargin: "600px" });
  all("main .scroll").forEach((box) => near.observe(box));

  function choose(selection, option) {
    for (const each of selection.querySelectorAll(":scope > .option")) each.hidden = each.dataset.option !== option;
    for (const button of selection.querySelectorAll(":scope > .selection-head button")) button.setAttribute("aria-pressed", String(button.dataset.option === option));
  }
  for (const selection of all(".selection")) {
    selection.querySelector(":scope > .selection-head").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) choose(selection, button.dataset.option);
    });
    selection.querySelector(":scope > .selection-head select")?.addEventListener("change", (event) => choose(selection, event.target.value));
  }

  const search = document.getElementById("search");
  if (search) {
    const boxes = all(".filter-models input"), names = boxes.map((box) => box.parentElement.querySelector(".label").textContent);
    const apply = () => {
      const wanted = search.value.trim().toLowerCase();
      const left = new Set(boxes.filter((box, place) => !box.checked || !names[place].toLowerCase().includes(wanted)).map((box) => Number(box.value)));
      boxes.forEach((box, place) => { box.parentElement.hidden = !names[place].toLowerCase().includes(wanted); });
      for (const element of all("main [data-m]")) element.hidden = element.dataset.m.split(" ").some((place) => left.has(Number(place)));
      const labels = new Set([...left].map((place) => names[place]));
      for (const picture of all(".gallery figure")) picture.hidden = labels.has(picture.dataset.label);
      for (const button of all(".filter-families button")) {
        const own = boxes.filter((box) => box.parentElement.dataset.family === button.dataset.family);
        button.setAttribute("aria-pressed", String(own.some((box) => box.checked)));
      }
      document.getElementById("shown").textContent = left.size ? `${boxes.length - left.size} of ${boxes.length}` : "";
      figures.leaveOut(left);
      figures.redraw();
    };
    const check = (isWanted, family) => {
      for (const box of boxes) if (!family || box.parentElement.dataset.family === family) box.checked = isWanted;
      apply();
    };
    search.addEventListener("input", apply);
    boxes.forEach((box) => box.addEventListener("change", apply));
    document.getElementById("all").addEventListener("click", () => { search.value = ""; check(true); });
    document.getElementById("none").addEventListener("click", () => check(false));
    for (const button of all(".filter-families button")) {
      button.addEventListener("click", () => check(button.getAttribute("aria-pressed") !== "true", button.dataset.family));
    }
    // A browser that goes back to a page may fill its form in again.
    if (search.value || boxes.some((box) => !box.checked)) apply();
  }

  // What stands behind a cell: its interval and the values of its runs, for the pointer and for the keyboard.
  const popup = document.getElementById("popup"), TOLD = "[data-runs], [data-interval], [data-about]";
  const make = (name, text, parent) => { const made = document.createElement(name); made.textContent = text; parent.append(made); return made; };
  function strip(values) {
    const low = Math.min(...values), high = Math.max(...values), space = "http://www.w3.org/2000/svg";
    const drawing = document.createElementNS(space, "svg");
    drawing.setAttribute("viewBox", "0 0 200 16");
    drawing.setAttribute("aria-hidden", "true");
    for (const value of values) {
      const dot = document.createElementNS(space, "circle");
      for (const [name, each] of Object.entries({ cx: 6 + 188 * (value - low) / (high - low), cy: 8, r: 4 })) dot.setAttribute(name, each);
      drawing.append(dot);
    }
    return drawing;
  }
  function tell(cell) {
    const row = cell.parentElement, head = cell.closest("table").tHead.rows[0].cells[cell.cellIndex];
    popup.replaceChildren();
    const column = head.querySelector(".name").firstChild.textContent.trim();
    const label = row.querySelector("th .label")?.textContent;
    make("b", cell === head || cell.tagName === "TH" ? label || column : `${label}: ${column}`, popup);
    if (cell.dataset.about) make("p", cell.dataset.about, popup);
    if (cell.dataset.interval) make("p", `95 % interval ${cell.dataset.interval}`, popup);
    if (cell.dataset.runs) {
      const runs = cell.dataset.runs.split("\n").map((line) => line.split("\t"));
      const values = runs.map(([, value]) => Number(value));
      if (values.length > 1 && values.every(Number.isFinite) && Math.max(...values) > Math.min(...values)) popup.append(strip(values));
      const list = make("dl", "", popup);
      for (const [name, value] of runs.slice(0, 24)) { make("dt", name, list); make("dd", Number(value).toLocaleString("en", { maximumSignificantDigits: 5 }), list); }
      if (runs.length > 24) make("p", `and ${runs.length - 24} more`, popup);
    }
    popup.hidden = false;
    const box = cell.getBoundingClientRect(), own = popup.getBoundingClientRect();
    const below = box.bottom + own.height + 8 < innerHeight;
    popup.style.top = `${Math.max(4, below ? box.bottom + 4 : box.top - own.height - 4)}px`;
    popup.style.left = `${Math.max(4, Math.min(box.left, innerWidth - own.width - 8))}px`;
    cell.setAttribute("aria-describedby", "popup");
    told = cell;
  }
  let told = null, wait = 0;
  function hush() { popup.hidden = true; told?.removeAttribute("aria-describedby"); told = null; }
  const soon = (action, delay) => { clearTimeout(wait); wait = setTimeout(action, delay); };
  document.addEventListener("pointerover", (event) => {
    const cell = event.target.closest?.("main table")?.tHead && event.target.closest(TOLD);
    if (cell && cell.closest("table.heat") === null) soon(() => tell(cell), told ? 40 : 160);
    else if (told && !event.target.closest?.("#popup")) soon(hush, 160);
    else if (told) clearTimeout(wait);
  });
  document.addEventListener("focusin", (event) => {
    const cell = event.target.closest?.("main table td, main table th")?.closest(TOLD);
    if (cell && event.target.matches(":focus-visible")) { clearTimeout(wait); tell(cell); } else if (told) hush();
  });
  addEventListener("scroll", () => { if (told) hush(); }, { passive: true, capture: true });
  // One stop of the tab key per table; arrows go from cell to cell.
  const reachable = (table) => all("tbody tr:not([hidden]) > :is([data-runs], [data-interval], [data-about])", table).filter((cell) => cell.offsetParent);
  for (const table of all("main table")) {
    const first = table.querySelector("tbody :is([data-runs], [data-interval], [data-about])");
    if (first) first.tabIndex = 0;
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && told) hush();
    const cell = event.target.closest?.("tbody [tabindex]");
    if (!cell || !event.key.startsWith("Arrow")) return;
    const cells = reachable(cell.closest("table")), row = cell.parentElement;
    const near = { ArrowLeft: () => cells[cells.indexOf(cell) - 1], ArrowRight: () => cells[cells.indexOf(cell) + 1],
      ArrowUp: () => cells.findLast((each) => each.cellIndex === cell.cellIndex && each.parentElement.rowIndex < row.rowIndex),
      ArrowDown: () => cells.find((each) => each.cellIndex === cell.cellIndex && each.parentElement.rowIndex > row.rowIndex) }[event.key]?.();
    if (!near) return;
    event.preventDefault();
    cell.tabIndex = -1;
    near.tabIndex = 0;
    near.focus();
  });

  // Paper is light, shows everything that is folded, and has no place to scroll to.
  let before = null;
  addEventListener("beforeprint", () => {
    if (before) return;
    before = { theme: root.dataset.theme, closed: all("details:not([open])") };
    before.closed.forEach((each) => { each.open = true; });
    root.classList.add("printing");
    root.dataset.theme = "light";
    charts.filter((chart) => chart.clientWidth).forEach((chart) => figures.draw(chart));
  });
  addEventListener("afterprint", () => {
    before.closed.forEach((each) => { each.open = false; });
    root.classList.remove("printing");
    setTheme(before.theme);
    before = null;
  });

  if (innerWidth < 1120) all(".side details").forEach((each) => { each.open = false; });
  const links = new Map(all("nav a").map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const reader = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) links.get(target.id)?.toggleAttribute("data-seen", isIntersecting);
    const first = all("nav a").find((link) => link.hasAttribute("data-seen")), list = document.querySelector("nav ol");
    for (const link of links.values()) link === first ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
    const place = first ? first.offsetTop - list.offsetTop : 0;
    if (place < list.scrollTop || place + 40 > list.scrollTop + list.clientHeight) list.scrollTop = place - 40;
  }, { rootMargin: "-10% 0px -70% 0px" });
  all("main > section").forEach((section) => reader.observe(section));
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let each = target?.closest("details"); each; each = each.parentElement.closest("details")) each.open = true;
    if (target) target.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();

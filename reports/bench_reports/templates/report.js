"use strict";
(() => {
  const root = document.documentElement;
  const KEY = "depthbench-theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  // Pages opened from disk may be denied storage; the choice then lasts as long as the page.
  const remember = (theme) => { try { localStorage.setItem(KEY, theme); } catch (_) { return; } };
  const remembered = () => { try { return localStorage.getItem(KEY); } catch (_) { return null; } };
  const setTheme = (theme) => { root.dataset.theme = theme; drawn.forEach(draw); };
  const drawn = new Set();

  const color = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const chosen = new Map();
  const charts = (id) => JSON.parse(document.getElementById("data-" + id).textContent);

  function axis(given) {
    return {
      ...given,
      title: { ...given.title, standoff: 10, font: { size: 12, color: color("--soft") } },
      gridcolor: color("--line"), linecolor: color("--strong-line"), zeroline: false, automargin: true,
      tickfont: { size: 11, color: color("--soft") },
    };
  }

  function layout(chart, element, entries) {
    const width = element.clientWidth;
    const rows = Math.ceil(entries / Math.max(1, Math.floor(width / 125)));
    return {
      height: (chart.rows ? 120 + 34 * chart.rows : 350) + 21 * rows,
      margin: { l: 10, r: 14, t: 18, b: 10 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: color("--ink") },
      xaxis: axis(chart.x), yaxis: axis(chart.y),
      hovermode: chart.hover, hoverlabel: { align: "left", bgcolor: color("--page"), bordercolor: color("--strong-line"), font: { color: color("--ink"), size: 12 } },
      // Dragging must scroll the page, not zoom the plot, where a finger does it.
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      legend: { orientation: "h", x: 0, xanchor: "left", y: chart.rows ? -58 / (34 * chart.rows) : -0.2, yanchor: "top", font: { size: 11, color: color("--soft") }, bgcolor: "rgba(0,0,0,0)" },
      showlegend: true,
      modebar: { bgcolor: "rgba(0,0,0,0)", color: color("--faint"), activecolor: color("--ink") },
    };
  }

  function draw(element) {
    const chart = charts(element.dataset.chart)[chosen.get(element.dataset.chart) || 0];
    const traces = chart.traces.map((trace) => {
      const { role, ...rest } = trace;
      if (role === "front") rest.line = { ...rest.line, color: color("--faint") };
      if (rest.mode && rest.mode.includes("text")) rest.textfont = { size: 11, color: color("--soft") };
      return rest;
    });
    const entries = traces.filter((trace) => trace.showlegend !== false).length;
    Plotly.react(element, traces, layout(chart, element, entries), {
      displaylogo: false, responsive: true, typesetMath: false,
      // Named one by one: plotly's own choice has a button that sends the figure to a server.
      modeBarButtons: [["toImage", "resetScale2d"]],
    });
    drawn.add(element);
  }

  function sortBy(header) {
    const table = header.closest("table"), body = table.tBodies[0];
    const column = [...header.parentElement.children].indexOf(header);
    const isNumber = header.classList.contains("number");
    const before = header.getAttribute("aria-sort");
    const first = header.dataset.first || (isNumber ? "descending" : "ascending");
    const order = before === "none" ? first : before === "ascending" ? "descending" : "ascending";
    for (const other of header.parentElement.children) other.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const value = (row) => row.children[column].dataset.value ?? "";
    const rows = [...body.rows].map((row) => [value(row), row]);
    rows.sort(([a], [b]) => {
      // What is absent stays at the end, whichever way the rest is turned.
      if (a === "" || b === "") return (a === "") - (b === "");
      const x = Number(a), y = Number(b);
      return sign * (isNumber && !Number.isNaN(x) && !Number.isNaN(y) ? x - y : a.localeCompare(b, "en", { numeric: true }));
    });
    body.append(...rows.map(([, row]) => { row.classList.remove("next-family"); return row; }));
  }

  setTheme(remembered() || (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", () => { if (!remembered()) setTheme(dark.matches ? "dark" : "light"); });
  document.getElementById("theme").addEventListener("click", () => {
    const theme = root.dataset.theme === "dark" ? "light" : "dark";
    remember(theme);
    setTheme(theme);
  });
  for (const button of document.querySelectorAll("table.sortable thead button")) {
    button.addEventListener("click", () => sortBy(button.closest("th")));
  }
  for (const button of document.querySelectorAll(".switch button")) {
    button.addEventListener("click", () => {
      for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
      chosen.set(button.dataset.chart, Number(button.dataset.index));
      draw(document.getElementById("chart-" + button.dataset.chart));
    });
  }
  const elements = document.querySelectorAll(".chart");
  // Only what is looked at is drawn, so that a page with a hundred figures opens at once.
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { watcher.unobserve(entry.target); draw(entry.target); }
  }, { rootMargin: "300px" });
  elements.forEach((element) => watcher.observe(element));
  addEventListener("beforeprint", () => elements.forEach((element) => drawn.has(element) || draw(element)));
  if (innerWidth < 1120) document.querySelector("nav details").open = false;
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    link.addEventListener("click", () => {
      const target = document.querySelector(link.getAttribute("href"));
      if (target instanceof HTMLDetailsElement) target.open = true;
    });
  }
})();

// Draws the page's figures with plotly, which may not be there: a page without figures does not carry it.
const figures = (() => {
  "use strict";
  const DASHES = ["solid", "dash", "dot", "dashdot", "longdash"];
  const TICKS = 8, LABEL = 26;
  const parsed = new Map(), drawn = new Map(), left = new Set();

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colourOf = (item) => colour(item.place === null || item.isReference ? "--faint" : `--m${item.place}`);
  const faded = (hex, alpha) => hex + Math.round(alpha * 255).toString(16).padStart(2, "0");
  // plotly reads a little HTML in every text it draws, and `%{` in what it shows on pointing.
  const safe = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/%/g, "&#37;");
  const short = (text, most) => text.length > most ? text.slice(0, most - 1) + "…" : text;
  const number = (value, axis) => value === null ? "–" : axis.isShare
    ? (100 * value).toLocaleString("en", { maximumSignificantDigits: 4 }) + " %"
    : value.toLocaleString("en", { maximumSignificantDigits: 4 });
  const pen = document.createElement("canvas").getContext("2d");
  function textWidth(text) {
    pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    return pen.measureText(text).width;
  }
  const isKnown = (value) => value !== null && value !== undefined;

  function dataOf(key) {
    if (!parsed.has(key)) {
      const chart = json("data-" + key);
      chart.items = chart.items.map(whole);
      parsed.set(key, chart);
    }
    return parsed.get(key);
  }
  const json = (id) => JSON.parse(document.getElementById(id).textContent);

  // What is left out of an item on the page says nothing; a model's name and look stand there once.
  let models;
  function whole(item) {
    models ??= json("models");
    const [name, shape, family, place] = models[item.m] || ["", "circle", "", null];
    return { m: -1, name, shape, place, family, condition: "", note: "", series: "", xEnds: [], yEnds: [], ends: [], ...item };
  }

  // The drawing library is packed, as it would be most of the page. While it is unpacked the page counts as loading, as an
  // empty frame does that is still being written: what prints a page as soon as it has loaded then finds figures.
  async function unpack() {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    document.body.append(frame);
    frame.contentDocument?.open();
    try { await run(); } finally { frame.contentDocument?.close(); frame.remove(); }
  }
  async function run() {
    const bytes = Uint8Array.from(atob(document.getElementById("plotly").textContent), (letter) => letter.charCodeAt(0));
    const text = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    const script = document.createElement("script");
    script.textContent = text;
    document.head.append(script);
  }

  // The ends of what is drawn: all values with some room, and never beyond what is possible.
  function range(values, axis, room) {
    const scale = axis.isLog ? Math.log10 : (value) => value;
    const known = values.filter((value) => isKnown(value) && (!axis.isLog || value > 0)).map(scale);
    if (!known.length) return undefined;
    let low = known.reduce((a, b) => Math.min(a, b)), high = known.reduce((a, b) => Math.max(a, b));
    const span = high - low || Math.abs(high) * 0.1 || 1;
    low -= room * span; high += room * span;
    if (isKnown(axis.low) && (!axis.isLog || axis.low > 0)) low = Math.max(low, scale(axis.low));
    if (isKnown(axis.high)) high = Math.min(high, scale(axis.high));
    return low < high ? [low, high] : [low - span / 2, high + span / 2];
  }

  // Whole decades on a logarithmic axis, or the measured places where they are few; finer ones for short axes.
  function ticks(axis, ends, places) {
    if (!axis.isLog || !ends) return {};
    const own = [...new Set(places)].filter((value) => value > 0);
    let found = own;
    if (!own.length || own.length > TICKS) {
      const [first, last] = [Math.floor(ends[0]), Math.ceil(ends[1])];
      const steps = last - first <= 2 ? [1, 2, 5] : [1];
      found = [];
      for (let power = first; power <= last; power++) for (const step of steps) found.push(step * 10 ** power);
    }
    const written = (value) => value.toLocaleString("en", { maximumSignificantDigits: 3 });
    return { tickvals: found, ticktext: found.map(written) };
  }

  function axisOf(axis, ends, places, arrows) {
    const better = axis.better ? `  ${arrows[axis.better]} better` : "";
    return {
      title: { text: safe(axis.title || "") + better, font: { size: 12, color: colour("--soft") }, standoff: 10 },
      type: axis.isLog ? "log" : "linear", range: ends, automargin: true, zeroline: false, separatethousands: true,
      gridcolor: colour("--line"), linecolor: colour("--strong-line"), tickfont: { size: 11, color: colour("--soft") },
      ...(axis.isShare ? { tickformat: ".4~%" } : {}), ...ticks(axis, ends, places),
    };
  }
  const ACROSS = { higher: "→", lower: "←" }, UPWARD = { higher: "↑", lower: "↓" };

  function lines(chart, items) {
    const conditions = [...new Set(items.map((item) => item.condition))];
    const traces = [];
    const ordered = [...items].sort((a, b) => (b.y.at(-1) ?? -Infinity) - (a.y.at(-1) ?? -Infinity));
    for (const item of ordered) {
      const name = [item.name, item.condition, item.note].filter(Boolean).join(", ");
      const ink = colourOf(item), symbol = item.shape;
      const isPartial = item.counts ? item.counts.map((count, place) => count < item.tried[place]) : [];
      const hasMarkers = !item.isReference && (isPartial.length || (item.x.length <= 12 && !chart.isStep));
      if (item.low) traces.push(band(item, ink, name));
      traces.push({
        type: "scatter", mode: hasMarkers ? "lines+markers" : "lines", name: safe(short(item.name, LABEL) + (item.condition ? `, ${item.condition}` : "")),
        legendgroup: name, x: item.x, y: item.y,
        line: { color: ink, width: item.isReference ? 1.2 : 1.8, shape: chart.isStep ? "hv" : "linear", dash: item.isReference ? "dash" : DASHES[conditions.indexOf(item.condition) % DASHES.length] },
        // An open point, and a larger one, stands where runs that should be in its mean failed.
        marker: isPartial.length
          ? { color: ink, size: isPartial.map((each) => each ? 9 : 5), symbol: isPartial.map((each) => each ? `${symbol}-open` : symbol) }
          : { color: ink, size: 6, symbol },
        customdata: item.x.map((x, place) => [number(item.y[place], chart.y), number(x, chart.x), item.counts ? `<br>${item.counts[place]} of ${item.tried[place]} runs` : ""]),
        hovertemplate: `<b>${safe(name)}</b><br>%{customdata[0]} at %{customdata[1]}%{customdata[2]}<extra></extra>`,
      });
      if (item.misses) traces.push(misses(item, ink, name));
    }
    const xs = items.flatMap((item) => [...item.x, ...(item.misses || [])]), ys = items.flatMap((item) => [...item.y, ...(item.low || []), ...(item.high || [])]);
    const [x, y] = [range(xs, chart.x, 0.02), range(ys, chart.y, 0.05)];
    return {
      traces, entries: ordered.map((item) => short(item.name, LABEL)),
      layout: { xaxis: axisOf(chart.x, x, items.flatMap((item) => item.x), ACROSS), yaxis: axisOf(chart.y, y, [], UPWARD) },
    };
  }

  function band(item, ink, name) {
    return {
      type: "scatter", mode: "lines", legendgroup: name, showlegend: false, hoverinfo: "skip", line: { width: 0 },
      x: [...item.x, ...item.x.toReversed()], y: [...item.low, ...item.high.toReversed()], fill: "toself", fillcolor: faded(ink, 0.14),
    };
  }

  function misses(item, ink, name) {
    const height = (place) => item.y[Math.max(item.x.findLastIndex((x) => x <= place), 0)];
    return {
      type: "scatter", mode: "markers", legendgroup: name, showlegend: false, x: item.misses, y: item.misses.map(height),
      marker: { size: 9, symbol: "x-thin", color: ink, line: { color: ink, width: 2 } },
      hovertemplate: `<b>${safe(name)}</b><br>ended here without it<extra></extra>`,
    };
  }

  function errors(values, ends, ink) {
    if (ends.length < 2) return { visible: false };
    return { type: "data", symmetric: false, array: [Math.max(ends[1] - values, 0)], arrayminus: [Math.max(values - ends[0], 0)], color: faded(ink, 0.5), thickness: 1.2, width: 0 };
  }
  const interval = (ends, axis) => ends.length < 2 ? "" : ` (${number(ends[0], axis)} to ${number(ends[1], axis)})`;

  function scatter(chart, items) {
    const conditions = [...new Set(items.map((item) => item.condition))];
    const known = items.filter((item) => item.x !== null && item.y !== null);
    const fronts = conditions.map((condition) => {
      const best = known.filter((item) => item.isOnFront && item.condition === condition).sort((a, b) => a.x - b.x || a.y - b.y);
      return {
        type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false, x: best.map((item) => item.x), y: best.map((item) => item.y),
        line: { shape: chart.x.better === "higher" ? "vh" : "hv", width: 1.2, dash: "dot", color: colour("--faint") },
      };
    });
    const points = known.map((item) => {
      const ink = colourOf(item), open = conditions.indexOf(item.condition) % 2 ? "-open" : "";
      return {
        type: "scatter", mode: "markers", cliponaxis: false, showlegend: false, x: [item.x], y: [item.y],
        error_x: errors(item.x, item.xEnds, ink), error_y: errors(item.y, item.yEnds, ink),
        marker: { size: 10, symbol: item.shape + open, color: ink, line: { width: open ? 2 : 0, color: ink } },
        hovertemplate: `<b>${safe([item.name, item.condition].filter(Boolean).join(", "))}</b>${item.family ? ` (${item.family})` : ""}`
          + `<br>${safe(chart.y.title)}: ${safe(number(item.y, chart.y) + interval(item.yEnds, chart.y))}`
          + `<br>${safe(chart.x.title)}: ${safe(number(item.x, chart.x) + interval(item.xEnds, chart.x))}${item.note ? `<br>${safe(item.note)}` : ""}<extra></extra>`,
      };
    });
    const x = range(known.flatMap((item) => [item.x, ...item.xEnds]), chart.x, 0.06), y = range(known.flatMap((item) => [item.y, ...item.yEnds]), chart.y, 0.08);
    return {
      traces: [...fronts, ...points], labels: known, entries: [],
      layout: { xaxis: axisOf(chart.x, x, [], ACROSS), yaxis: axisOf(chart.y, y, [], UPWARD) },
    };
  }

  // The front as thin boxes: a name across it would be struck out.
  function steps(spots) {
    const path = [...spots].sort((a, b) => a.x - b.x || b.y - a.y);
    return path.slice(1).flatMap(({ x, y }, place) => {
      const from = path[place];
      return [[from.x, from.y - 1, x, from.y + 1], [x - 1, Math.min(y, from.y), x + 1, Math.max(y, from.y)]];
    });
  }

  // Write each point's name where it hides neither a point nor another name; names without a place are left to pointing.
  function placeLabels(element, items) {
    const { xaxis, yaxis } = element._fullLayout;
    const at = (axis, value) => ((axis.type === "log" ? Math.log10(value) : value) - axis.range[0]) / (axis.range[1] - axis.range[0]) * axis._length;
    const spots = items.map((item) => ({ item, x: at(xaxis, item.x), y: yaxis._length - at(yaxis, item.y) }));
    const seen = spots.filter(({ x, y }) => x >= -1 && y >= -1 && x <= xaxis._length + 1 && y <= yaxis._length + 1);
    const taken = seen.map(({ x, y }) => [x - 7, y - 7, x + 7, y + 7]);
    // Intervals and the front may be crossed where there is no other place.
    const lines = [...steps(spots.filter(({ item }) => item.isOnFront)), ...seen.flatMap(({ item, x, y }) => [
      ...(item.xEnds.length ? [[at(xaxis, item.xEnds[0]), y - 1, at(xaxis, item.xEnds[1]), y + 1]] : []),
      ...(item.yEnds.length ? [[x - 1, yaxis._length - at(yaxis, item.yEnds[1]), x + 1, yaxis._length - at(yaxis, item.yEnds[0])]] : []),
    ])];
    const crosses = (box, other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3];
    const isFree = (box, others) => box[0] >= 0 && box[2] <= xaxis._length && box[1] >= -10 && box[3] <= yaxis._length && !others.some((other) => crosses(box, other));
    return seen.flatMap(({ item, x, y }) => {
      const text = short([item.name, item.condition].filter(Boolean).join(", "), LABEL), width = textWidth(text) + 2;
      for (const [far, others] of [[0, [...taken, ...lines]], [0, taken], [14, taken], [28, taken], [44, taken]]) {
        const side = 10 + width / 2 + far / 2;
        const corners = [[side - 6, -15], [6 - side, -15], [side - 6, 15], [6 - side, 15]];
        const places = [...(far ? [] : corners), [side, -far], [-side, -far], [0, -16 - far], [0, 16 + far], [side, far], [-side, far]];
        for (const [right, down] of places) {
          const box = [x + right - width / 2, y + down - 7, x + right + width / 2, y + down + 7];
          if (!isFree(box, others)) continue;
          taken.push(box);
          return [{
            x: xaxis.type === "log" ? Math.log10(item.x) : item.x, y: yaxis.type === "log" ? Math.log10(item.y) : item.y, text: safe(text),
            ax: right, ay: down, showarrow: true, arrowhead: 0, arrowwidth: 0.7, standoff: 6, arrowcolor: far ? colour("--faint") : "rgba(0,0,0,0)",
            font: { size: 11, color: colour("--ink") }, borderpad: 0, captureevents: false,
          }];
        }
      }
      return [];
    });
  }

  function dots(chart, items, width) {
    const names = [...new Set(items.map((item) => item.name))], series = [...new Set(items.map((item) => item.series))];
    const step = series.length > 1 && !chart.isJoined ? 0.5 / series.length : 0;
    const height = (item) => names.length - 1 - names.indexOf(item.name) - step * (series.indexOf(item.series) - (series.length - 1) / 2);
    const shape = (item) => item.shape + (series.length > 1 && series.indexOf(item.series) % 2 === 0 ? "-open" : "");
    const joins = chart.isJoined ? names.map((name) => {
      const own = items.filter((item) => item.name === name && item.value !== null);
      return { type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false, x: own.map((item) => item.value), y: own.map(height), line: { width: 1.5, color: colour("--strong-line") } };
    }) : [];
    const points = items.filter((item) => item.value !== null).map((item) => {
      const ink = colourOf(item);
      return {
        type: "scatter", mode: "markers", cliponaxis: false, showlegend: false, x: [item.value], y: [height(item)], error_x: errors(item.value, item.ends, ink),
        marker: { size: 9, symbol: shape(item), color: ink, line: { width: 2, color: ink } },
        hovertemplate: `<b>${safe([item.name, item.series].filter(Boolean).join(", "))}</b><br>${safe(number(item.value, chart.x) + interval(item.ends, chart.x))}${item.note ? `<br>${safe(item.note)}` : ""}<extra></extra>`,
      };
    });
    const keys = series.length > 1 ? series.map((each, place) => ({
      type: "scatter", mode: "markers", x: [null], y: [null], name: safe(each), hoverinfo: "skip", marker: { size: 9, symbol: place % 2 ? "circle" : "circle-open", color: colour("--soft"), line: { width: 2, color: colour("--soft") } },
    })) : [];
    const ends = range(items.flatMap((item) => [item.value, ...item.ends]), chart.x, 0.04);
    const most = Math.max(10, Math.round(width / 16));
    return {
      traces: [...joins, ...points, ...keys], entries: keys.length ? series : [], rows: names.length,
      layout: {
        xaxis: axisOf(chart.x, ends, [], ACROSS),
        yaxis: { ...axisOf({ title: "" }, [-0.6, names.length - 0.4], [], {}), tickvals: names.map((_, place) => names.length - 1 - place), ticktext: names.map((name) => safe(short(name, most))), tickfont: { size: 12, color: colour("--ink") }, ticklabelstandoff: 8 },
      },
    };
  }

  const KINDS = { lines, scatter, dots };

  // How many rows names need beside each other, each with its line of 40 pixels.
  function legendRows(names, width) {
    let rows = 1, used = 0;
    for (const name of names) {
      const own = textWidth(name) + 45;
      if (used && used + own > width) { rows += 1; used = 0; }
      used += own;
    }
    return rows;
  }

  function draw(element) {
    if (!window.Plotly) {
      library.then(() => draw(element), () => { element.textContent = "Figures cannot be drawn: this browser does not unpack what draws them."; });
      return;
    }
    const chart = dataOf(element.dataset.chart);
    const items = chart.items.filter((item) => !left.has(item.m));
    const width = element.clientWidth || 480;
    const found = KINDS[chart.kind](chart, items, width);
    const legend = found.entries.length > 1 ? legendRows(found.entries, width - 40) * 19 + 6 : 0;
    const isPrinted = document.documentElement.classList.contains("printing");
    const height = (found.rows ? 70 + 26 * found.rows : isPrinted ? 260 : 340) + legend;
    element.style.height = `${height}px`;
    const layout = {
      ...found.layout, width, height, margin: { l: 10, r: 22, t: 28, b: legend ? 40 + legend : 10 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("--ink") }, hovermode: "closest", annotations: [],
      hoverlabel: { align: "left", bgcolor: colour("--page"), bordercolor: colour("--strong-line"), font: { color: colour("--ink"), size: 12 } },
      // Dragging must scroll the page, not zoom the figure, where a finger does it.
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      showlegend: legend > 0,
      legend: { orientation: "h", x: 0, xanchor: "left", y: 0, yref: "container", yanchor: "bottom", tracegroupgap: 0, font: { size: 11, color: colour("--soft") }, bgcolor: "rgba(0,0,0,0)" },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--faint"), activecolor: colour("--ink") },
    };
    Plotly.react(element, found.traces, layout, {
      displaylogo: false, typesetMath: false,
      // Named one by one: plotly's own choice has a button that sends the figure to a server.
      modeBarButtons: [["toImage", "resetScale2d"]],
    });
    // Its title and caption say what it shows; its single letters and ticks would be read one by one.
    for (const drawing of element.querySelectorAll(".main-svg")) drawing.setAttribute("aria-hidden", "true");
    element.labelled = found.labels || [];
    label(element);
    if (!drawn.has(element)) {
      element.on("plotly_relayout", (change) => { if (!("annotations" in change)) label(element); });
      sizes.observe(element);
    }
    drawn.set(element, width);
  }

  // Names, legends and ticks depend on the room there is: a figure of another width is another figure.
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) if (target.clientWidth && target.clientWidth !== drawn.get(target)) draw(target);
  });

  function label(element) {
    if (element.labelled.length) Plotly.relayout(element, { annotations: placeLabels(element, element.labelled) });
  }

  const library = document.getElementById("plotly") ? unpack() : null;
  return {
    draw,
    isDrawn: (element) => drawn.has(element),
    redraw: () => drawn.forEach((_, element) => { if (element.clientWidth) draw(element); else drawn.delete(element); }),
    leaveOut: (places) => { left.clear(); places.forEach((place) => left.add(place)); },
  };
})();

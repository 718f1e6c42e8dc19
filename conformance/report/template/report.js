"use strict";
(() => {
  const VERDICTS = ["pass", "fail", "inconclusive", "not-applicable", "error"];
  const OUTCOMES = ["fail", "warn", "pass", "not exercised"];
  const PARTIES = ["operator", "suite", "server", "device", "content"];
  const FIELDS = ["role", "theme", "level", "text", "requirement"];
  const OTHER_SOURCES = "other sources";
  const PAGE = 100, ARROWS = 80, PREFIX = "http://www.w3.org/2000/svg";
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const head = data.head;
  let main = { results: [], requirements: [], readings: [] };
  let limit = PAGE, requirementLimit = PAGE;

  // Everything comes into the page through these two: text stays text, and what steers its direction is written out.
  const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;
  const visible = (text) => String(text).replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  function make(name, attributes, ...children) {
    return fill(document.createElement(name), attributes, children);
  }
  function draw(name, attributes, ...children) {
    return fill(document.createElementNS(PREFIX, name), attributes, children);
  }
  function fill(element, attributes, children) {
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value === true ? "" : String(value));
    }
    for (const child of children.flat(Infinity)) {
      if (child === null || child === undefined || child === "") continue;
      element.append(child instanceof Node ? child : document.createTextNode(visible(child)));
    }
    return element;
  }
  const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  const pill = (word, text) => make("span", { class: `pill ${word.replace(" ", "-")}` }, text || word.replace("-", " "));
  const octets = (count) => plural(count, "octet");

  async function inflate(text) {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }
  function shelf(packed) {
    const open = new Map();
    return async (number) => {
      let place = packed.starts.length - 1;
      while (place > 0 && packed.starts[place] > number) place -= 1;
      if (!open.has(place)) {
        if (open.size > 12) open.delete(open.keys().next().value);
        open.set(place, inflate(packed.blocks[place]));
      }
      return (await open.get(place))[number - packed.starts[place]];
    };
  }
  const detailOf = shelf(data.details), textOf = shelf(data.texts);

  function banner() {
    byId("verdict").classList.add({ 0: "is-pass", 1: "is-fail" }[head.status] || "is-error");
    const total = VERDICTS.reduce((sum, verdict) => sum + head.counts[verdict], 0);
    const told = [];
    for (const verdict of VERDICTS) {
      const count = head.counts[verdict];
      if (count) {
        const part = make("span", { class: `fill-${verdict}` });
        part.style.flex = `${count} 0 0`;
        byId("bar").append(part);
        told.push(`${count} ${verdict.replace("-", " ")}`);
      }
      byId("counts").append(make("li", {}, make("b", {}, count.toLocaleString("en")), make("i", { class: `fill-${verdict}` }), verdict.replace("-", " ")));
    }
    byId("bar").setAttribute("aria-label", `${plural(total, "case")}: ${told.join(", ") || "none"}`);
    if (!total) byId("bar").hidden = true;
    const names = byId("names");
    for (const iut of head.iuts) {
      names.append(make("h1", {}, iut.name, " ", make("small", {}, [iut.version, iut.vendor && `by ${iut.vendor}`, iut.role].filter(Boolean).join(" · "))));
    }
    byId("about").textContent = `Made by fumo-conformance ${head.run.suite || ""} from results.ndjson and the evidence beside it. ` +
      "This page loads nothing and sends nothing." +
      (data.leftOut ? ` To keep it small, ${plural(data.leftOut, "text")} of the message exchange are left out; the evidence has them.` : "");
  }

  function facts() {
    const card = (title, entries) => make("div", { class: "card" }, make("h3", {}, title),
      make("dl", {}, entries.filter(([, value]) => value !== "" && value !== null && value !== undefined)
        .map(([key, value]) => [make("dt", {}, key.replaceAll("_", " ")), make("dd", {}, String(value))])));
    for (const iut of head.iuts) byId("facts").append(card(iut.role === "server" ? "Server under test" : "Device under test", Object.entries(iut)));
    const clock = (text) => text.replace("T", " ").replace(/\+00:00$|Z$/, " UTC");
    byId("facts").append(card("Run", Object.entries({ ...head.run, started: clock(head.run.started), ended: clock(head.run.ended) })));
  }

  // -- requirements ------------------------------------------------------------------------------------------------
  function requirements() {
    const rows = main.requirements.filter((row) => !row.aside);
    const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, rows.filter((row) => row.outcome === outcome).length]));
    byId("requirements-note").textContent = `${plural(rows.length, "requirement")} in scope: ` +
      OUTCOMES.map((outcome) => `${counts[outcome]} ${outcome}`).join(", ") + ".";
    const select = byId("requirement-outcome");
    select.append(make("option", { value: "exercised" }, "exercised"), make("option", { value: "" }, "all"));
    for (const outcome of OUTCOMES) select.append(make("option", { value: outcome }, `${outcome} (${counts[outcome]})`));
    const again = () => { requirementLimit = PAGE; requirementRows(rows); };
    select.addEventListener("change", again);
    byId("requirement-text").addEventListener("input", again);
    byId("requirements-more").addEventListener("click", () => { requirementLimit += PAGE * 2; requirementRows(rows); });
    requirementRows(rows);
    heat(rows);
    for (const row of main.requirements) byId("requirement-ids").append(make("option", { value: row.id }));
  }
  // One line for each document, one field for each section in the order of the document, coloured by the worst outcome.
  function heat(rows) {
    const documents = new Map();
    for (const row of rows) {
      const section = row.section || "suite", found = /\s(\d[\w.]*)/.exec(section);
      const name = found ? section.slice(0, found.index) : OTHER_SOURCES, number = found ? found[1] : section;
      const sections = documents.get(name) || documents.set(name, new Map()).get(name);
      sections.set(number, [...(sections.get(number) || []), row]);
    }
    for (const [name, sections] of [...documents]) {
      if (sections.size > 1 || name === OTHER_SOURCES) continue;
      const others = documents.get(OTHER_SOURCES) || documents.set(OTHER_SOURCES, new Map()).get(OTHER_SOURCES);
      for (const [number, inside] of sections) others.set(`${name} ${number}`, inside);
      documents.delete(name);
    }
    const natural = new Intl.Collator("en", { numeric: true });
    const order = (a, b) => (a === OTHER_SOURCES) - (b === OTHER_SOURCES) || natural.compare(a, b);
    for (const name of [...documents.keys()].sort(order)) {
      const fields = [...documents.get(name)].sort((a, b) => natural.compare(a[0], b[0])).map(([number, inside]) => {
        const worst = OUTCOMES.find((outcome) => inside.some((row) => row.outcome === outcome));
        const place = name === OTHER_SOURCES ? number : `${name} ${number}`;
        const told = `${place}: ${worst}, ${plural(inside.length, "requirement")}`;
        const field = make("button", { type: "button", class: `heat-${worst === "not exercised" ? "none" : worst}`, title: told, "aria-label": told });
        field.addEventListener("click", () => {
          byId("requirement-outcome").value = "";
          byId("requirement-text").value = place;
          byId("requirement-text").dispatchEvent(new Event("input"));
          byId("requirement-text").focus();
        });
        return make("li", {}, field);
      });
      byId("heat").append(make("div", { class: "heat-row" }, make("h3", {}, name), make("ul", { "aria-label": `Sections of ${name}` }, fields)));
    }
    byId("heat-box").open = !matchMedia("(max-width: 44rem)").matches;
  }
  function requirementRows(rows) {
    const outcome = byId("requirement-outcome").value, words = byId("requirement-text").value.toLowerCase();
    const found = rows.filter((row) => (outcome === "exercised" ? row.outcome !== "not exercised" : !outcome || row.outcome === outcome) &&
      (!words || `${row.id} ${row.section || ""} ${row.text}`.toLowerCase().includes(words)));
    found.sort((a, b) => OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome));
    byId("requirements").replaceChildren(...found.slice(0, requirementLimit).map((row) => make("tr", {},
      make("td", {}, pill(row.outcome)),
      make("td", {}, make("span", { class: "mono" }, row.id), make("span", { class: "section" }, row.section || ""), make("p", {}, row.text),
        row.uncovered && row.outcome === "not exercised" ? make("p", {}, `Not covered: ${row.uncovered}`) : ""),
      row.counts.map((count) => make("td", { class: "number" }, count || "–")),
      make("td", {}, row.cases ? requirementLink(row.id, plural(row.cases, "case")) : "–"))));
    if (!found.length) byId("requirements").append(make("tr", {}, make("td", { colspan: 6 }, "None.")));
    byId("requirements-more").hidden = found.length <= requirementLimit;
  }
  function requirementLink(id, text) {
    const button = make("button", { type: "button", class: "link" }, text || id);
    button.addEventListener("click", () => {
      clearFilters();
      byId("requirement").value = id;
      refresh();
      byId("cases").scrollIntoView();
      byId("cases").focus({ preventScroll: true });
    });
    return button;
  }
  function readings() {
    byId("readings-section").hidden = !main.readings.length;
    for (const [ambiguity, reading, count] of main.readings) {
      byId("readings").append(make("li", {}, make("code", {}, ambiguity), " ", reading, " ", make("span", { class: "section" }, plural(count, "time"))));
    }
  }

  // -- filters -----------------------------------------------------------------------------------------------------
  const boxes = () => [...byId("verdicts").querySelectorAll("input")];
  function filters() {
    const warned = main.results.filter((row) => row.warnings).length, unstable = main.results.filter((row) => row.unstable).length;
    const options = VERDICTS.map((verdict) => [verdict, head.counts[verdict]]).concat([["warnings", warned], ["unstable", unstable], ["known", main.results.filter((row) => row.known).length]]);
    for (const [name, count] of options) {
      if (count) byId("verdicts").append(make("label", {}, make("input", { type: "checkbox", value: name }), name.replace("-", " "), make("span", { class: "count" }, count)));
    }
    for (const name of ["role", "theme", "level"]) {
      const values = [...new Set(main.results.map((row) => row[name] || ""))].filter(Boolean).sort();
      byId(name).append(make("option", { value: "" }, "all"), ...values.map((value) => make("option", { value }, value)));
      byId(name).addEventListener("change", refresh);
    }
    byId("verdicts").addEventListener("change", refresh);
    for (const name of ["text", "requirement"]) byId(name).addEventListener("input", refresh);
    byId("clear").addEventListener("click", () => { clearFilters(); refresh(); });
    byId("more").addEventListener("click", () => { limit += PAGE * 2; show(); });
    fromAddress();
  }
  function clearFilters() {
    for (const box of boxes()) box.checked = false;
    for (const name of FIELDS) byId(name).value = "";
  }
  function refresh() { limit = PAGE; show(); toAddress(); }
  // The address keeps the filter, so that a view of the report can be sent to somebody.
  function fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const box of boxes()) box.checked = given.getAll("verdict").includes(box.value);
    for (const name of FIELDS) byId(name).value = given.get(name) || "";
  }
  function toAddress() {
    const given = new URLSearchParams();
    for (const box of boxes()) if (box.checked) given.append("verdict", box.value);
    for (const name of FIELDS) if (byId(name).value) given.set(name, byId(name).value);
    try {
      history.replaceState(null, "", `#${given}`);
    } catch { /* some viewers of local files do not let a page change its address */ }
  }
  function matching() {
    const chosen = boxes().filter((box) => box.checked).map((box) => box.value);
    const verdicts = chosen.filter((name) => VERDICTS.includes(name));
    const role = byId("role").value, theme = byId("theme").value, level = byId("level").value;
    const words = byId("text").value.toLowerCase().split(/\s+/).filter(Boolean), wanted = byId("requirement").value.trim().toLowerCase();
    const ids = wanted && new Set(main.requirements.flatMap((row, number) => (row.id.toLowerCase().startsWith(wanted) ? [number] : [])));
    const exact = wanted && new Set(main.requirements.flatMap((row, number) => (row.id.toLowerCase() === wanted ? [number] : [])));
    const allowed = exact && exact.size ? exact : ids;
    return main.results.filter((row) => (!verdicts.length || verdicts.includes(row.verdict)) &&
      (!chosen.includes("warnings") || row.warnings) && (!chosen.includes("unstable") || row.unstable) && (!chosen.includes("known") || row.known) &&
      (!role || row.role === role) && (!theme || row.theme === theme) && (!level || row.level === level) &&
      (!allowed || (row.requirements || []).some((number) => allowed.has(number))) &&
      words.every((word) => `${row.id} ${row.title} ${row.reason || ""}`.toLowerCase().includes(word)));
  }

  // -- the list of cases -------------------------------------------------------------------------------------------
  const ORDER = { fail: 0, error: 1, inconclusive: 2, pass: 3, "not-applicable": 4 };
  function show() {
    const found = matching();
    found.sort((a, b) => ORDER[a.verdict] - ORDER[b.verdict]);
    byId("list").replaceChildren(...found.slice(0, limit).map(caseRow));
    byId("shown").textContent = `${plural(found.length, "case")} of ${main.results.length.toLocaleString("en")}` +
      (found.length > limit ? `, the first ${limit} shown` : "") + ".";
    byId("more").hidden = found.length <= limit;
  }
  function caseRow(row) {
    const quiet = row.verdict === "fail" || row.verdict === "error" ? "reason" : "reason quiet";
    const cause = row.cause ? `${row.cause}: ` : "";
    const details = make("details", { class: "case", "data-id": row.id }, make("summary", {},
      make("span", {}, pill(row.verdict)),
      make("span", { class: "what" }, make("span", { class: "title" }, row.title), make("span", { class: "id mono" }, row.id),
        row.reason ? make("span", { class: quiet }, cause + row.reason) : ""),
      make("span", { class: "side" }, `${(row.seconds || 0).toFixed(2)} s`,
        row.warnings ? pill("warn", plural(row.warnings, "warning")) : "", row.unstable ? pill("inconclusive", "unstable") : "", row.known ? pill("not-applicable", "known") : "")));
    details.addEventListener("toggle", () => {
      if (details.open && !details.querySelector(".body")) openCase(details, row);
    });
    return details;
  }
  async function openCase(details, row) {
    const body = make("div", { class: "body" });
    details.append(body);
    try {
      await caseBody(body, row, await detailOf(row.detail || 0));
      details.dataset.ready = "yes";
    } catch (error) {
      body.append(make("p", {}, `This case cannot be shown: ${error.message}`));
    }
  }
  async function caseBody(body, row, detail) {
    if (detail.purpose) body.append(make("p", {}, make("b", {}, "Purpose: "), detail.purpose));
    if (detail.twin) body.append(make("p", {}, make("b", {}, "Positive twin: "), make("code", {}, detail.twin), detail.differs ? `, which differs in: ${detail.differs}` : ""));
    if (detail.because) body.append(make("p", {}, make("b", {}, "Why it stands: "), detail.because));
    body.append(make("p", { class: "note" }, make("a", { href: `#${encodeURIComponent(row.id)}` }, "Link to this case")));
    const about = [row.iut, row.kind && `${row.kind} case`, row.level && row.level.toUpperCase()].filter(Boolean).join(" · ");
    if (about) body.append(make("p", { class: "note" }, about));
    if (row.attempts) body.append(make("p", {}, make("b", {}, "Attempts: "), row.attempts.join(", "), ". Shown is the last one that failed, or else the last."));
    const known = new Map(main.requirements.map((requirement) => [requirement.id, requirement]));
    const first = detail.findings.find((finding) => finding.outcome === "fail");
    if (first) body.append(why(first, known.get(first.requirement), detail.like, goTo(body)));
    if (detail.findings.length || detail.passed.length) body.append(make("h3", {}, "Findings"));
    for (const finding of detail.findings) body.append(findingBox(finding, known.get(finding.requirement), goTo(body)));
    if (detail.more) body.append(make("p", { class: "note" }, `and ${plural(detail.more, "more finding")}; all of them are in results.ndjson.`));
    if (detail.passed.length) {
      const number = detail.passed.reduce((sum, entry) => sum + entry[2], 0);
      body.append(make("details", { class: "passed" }, make("summary", {}, `${plural(number, "check")} passed`),
        make("ul", {}, detail.passed.map(([id, expected, count]) => make("li", {}, requirementLink(id), ` ${expected}`, count > 1 ? ` (${count} times)` : "")))));
    }
    for (const [ambiguity, reading] of detail.readings) body.append(make("p", {}, "Reading of ", make("code", {}, ambiguity), `: ${reading}`));
    body.append(make("h3", {}, "Message exchange"));
    if (detail.note) body.append(make("p", { class: "note" }, detail.note));
    const broken = new Map();
    const marks = new Map();
    for (const finding of detail.findings) {
      if (finding.outcome !== "fail" || finding.event === null) continue;
      broken.set(finding.event, [...(broken.get(finding.event) || []), finding.requirement]);
      marks.set(finding.event, [...(marks.get(finding.event) || []), ...values(finding.actual), ...values(finding.message)]);
    }
    if (detail.rows.length) exchange(body, detail.rows, broken, marks);
    if (detail.evidence) body.append(make("p", { class: "note" }, "Evidence: ", make("code", {}, detail.evidence)));
  }
  function why(finding, requirement, like, go) {
    const at = finding.event === null ? "" : make("button", { type: "button", class: "link" }, `event ${finding.event}`);
    if (at) at.addEventListener("click", () => go(finding.event));
    return make("div", { class: "why-box" }, make("h3", {}, "Why"),
      make("p", {}, make("b", {}, "First wrong: "), finding.message, at ? " " : "", at),
      make("p", {}, make("b", {}, "Expected: "), make("code", {}, finding.expected || "–"), make("b", {}, " Came: "), make("code", {}, finding.actual || "–")),
      requirement ? make("p", {}, make("b", {}, "What the text wants: "), requirement.text, ` (${[requirement.section, requirement.id].filter(Boolean).join(", ")})`) : "",
      like && like.length ? make("p", {}, make("b", {}, "It looks like: "), `“${like[1]}” `, make("code", {}, like[0]), make("span", { class: "section" }, "a hint from the known deviations, not a judgement")) : "");
  }
  const goTo = (body) => (number) => {
    const row = body.querySelector(`[data-event="${Number(number)}"]`);
    if (!row) return;
    if ("open" in row) row.open = true;
    row.scrollIntoView({ block: "center" });
    (row.querySelector("summary") || row).focus({ preventScroll: true });
  };
  function findingBox(finding, requirement, go) {
    const jump = finding.event === null ? "" : make("button", { type: "button", class: "link" }, `event ${finding.event}`);
    if (jump) jump.addEventListener("click", () => go(finding.event));
    const word = finding.cause ? `warning: ${finding.cause}` : finding.outcome;
    return make("div", { class: `finding ${finding.outcome}` },
      make("div", { class: "head" }, pill(finding.outcome, word), make("span", { class: "mono" }, finding.requirement),
        make("span", { class: "section" }, (requirement && requirement.section) || ""), jump),
      make("p", {}, finding.message), requirement ? make("p", { class: "said" }, requirement.text) : "",
      make("dl", {}, make("dt", {}, "Expected"), make("dd", {}, finding.expected || "–"), make("dt", {}, "Actual"), make("dd", {}, finding.actual || "–")));
  }

  // -- the exchange ------------------------------------------------------------------------------------------------
  function exchange(body, rows, broken, marks) {
    const go = goTo(body);
    const arrows = rows.filter((row) => row.f !== row.o || row.k === "step");
    if (arrows.some((row) => row.k !== "step")) {
      body.append(make("div", { class: "ladder scroll", tabindex: 0, role: "region", "aria-label": "Sequence diagram; the same events follow as a list" }, ladder(arrows.slice(0, ARROWS), broken, go)));
      if (arrows.length > ARROWS) body.append(make("p", { class: "note" }, `The diagram shows the first ${ARROWS} of ${arrows.length} events.`));
    }
    const events = make("div", { class: "exchange" }, rows.map((row) => eventRow(row, broken.get(row.n), marks.get(row.n) || [])));
    const first = events.querySelector("details.broken");
    if (first) first.open = true;
    body.append(events);
  }
  function ladder(rows, broken, go) {
    const seen = new Set(rows.filter((row) => row.k !== "step").flatMap((row) => [row.f, row.o]));
    const parties = [...PARTIES.filter((party) => seen.has(party)), ...[...seen].filter((party) => !PARTIES.includes(party)).sort()];
    const width = 760, left = 90, step = 34, height = rows.length * step + 52;
    const at = (party) => (parties.length < 2 ? width / 2 : left + ((width - 2 * left) * parties.indexOf(party)) / (parties.length - 1));
    const picture = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${rows.length} events between ${parties.join(", ")}` });
    for (const party of parties) {
      picture.append(draw("text", { x: at(party), y: 18, "text-anchor": "middle", class: "who" }, party));
      picture.append(draw("line", { x1: at(party), x2: at(party), y1: 28, y2: height - 6, class: "life" }));
    }
    rows.forEach((row, number) => picture.append(row.k === "step" ? stepMark(row, 34 + number * step, width) : arrow(row, 34 + number * step, at, broken.has(row.n), go)));
    return picture;
  }
  function stepMark(row, y, width) {
    return draw("g", { class: "step" }, draw("rect", { x: 8, y: y + 6, width: width - 16, height: 20, rx: 4 }), draw("text", { x: 16, y: y + 20 }, clip(row.l, 90)));
  }
  const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  function arrow(row, y, at, bad, go) {
    const from = at(row.f), to = at(row.o), line = y + 26, way = to > from ? -1 : 1, middle = (from + to) / 2;
    // The label may be wider than its arrow, but stays inside of the picture: about 6.4 units for a character.
    const text = clip(`${bad ? "✗ " : ""}${row.n}  ${row.l}`, Math.round((2 * Math.min(middle, 760 - middle)) / 6.4));
    const group = draw("a", { class: bad ? "broken" : "", tabindex: 0, role: "button" }, draw("title", {}, `${row.n}: ${row.l}`),
      draw("text", { x: middle, y: line - 6, "text-anchor": "middle" }, text),
      draw("line", { x1: from, x2: to + way * 6, y1: line, y2: line, class: "arrow" }),
      draw("path", { d: `M${to} ${line} l${way * 9} -4.5 v9 z`, class: "point" }));
    group.addEventListener("click", () => go(row.n));
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); go(row.n); }
    });
    return group;
  }
  function eventRow(row, broken, marks) {
    const way = row.k === "step" || row.f === row.o ? row.k : `${row.f} → ${row.o}`;
    const cells = [make("span", { class: "no", title: `${row.t} s` }, row.n), make("span", { class: "way" }, way),
      make("span", { class: "label" }, row.l, row.w ? make("span", { class: "wrong" }, row.w) : "",
        broken ? make("span", { class: "wrong" }, `✗ ${[...new Set(broken)].join(", ")}`) : "",
        row.m ? make("span", { class: "made" }, "made wrong on purpose by the suite; rules do not judge it") : ""),
      make("span", { class: "size" }, row.z === undefined ? `${row.t.toFixed(3)} s` : octets(row.z))];
    const style = `event${broken ? " broken" : ""}${row.k === "step" ? " is-step" : ""}`;
    const open = [row.h, row.x].filter((number) => number !== undefined);
    if (!open.length) return make("div", { class: style, "data-event": row.n }, make("div", { class: "flat" }, cells));
    const box = make("details", { class: style, "data-event": row.n }, make("summary", {}, cells));
    box.addEventListener("toggle", async () => {
      if (!box.open || box.dataset.filled) return;
      box.dataset.filled = "yes";
      for (const number of open) {
        if (number >= 0) box.append(block(await textOf(number), number === row.x ? marks : []));
      }
      if (row.b >= 0) box.append(octetView(await textOf(row.b)));
      if (open.includes(-1) && row.z !== 0) box.append(make("p", { class: "note" }, "Left out to keep the report small; the octets are in the evidence folder."));
    });
    return box;
  }
  // What a finding quotes, looked for as the whole content of an element: that is what is wrong in the message.
  const values = (text) => (String(text).match(/[^\s"'“”,;()]+/g) || []).filter((word) => word.length > 1 || /[\d]/.test(word)).slice(0, 40);
  function block(text, marks) {
    const wanted = new Set(marks), parts = text.split(/(<[^<>]*>)/);
    return make("pre", { tabindex: 0 }, parts.map((part, number) => {
      if (number % 2) return make("span", { class: "tag" }, part);
      const alone = part.trim() && wanted.has(part.trim()) && /^<[^/]/.test(parts[number - 1] || "") && /^<[/]/.test(parts[number + 1] || "");
      return alone ? make("mark", {}, part) : part;
    }));
  }
  function octetView(encoded) {
    const octets = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)), lines = [];
    for (let place = 0; place < octets.length; place += 16) {
      const piece = [...octets.subarray(place, place + 16)];
      const hex = piece.map((octet) => octet.toString(16).padStart(2, "0")).join(" ").padEnd(47);
      lines.push(`${place.toString(16).padStart(6, "0")}  ${hex}  ${piece.map((octet) => (octet > 31 && octet < 127 ? String.fromCharCode(octet) : ".")).join("")}`);
    }
    return make("details", { class: "octets" }, make("summary", {}, `As octets (${octets.length}, secrets masked)`), make("pre", { tabindex: 0 }, lines.join("\n")));
  }

  async function begin() {
    banner();
    facts();
    try {
      if (typeof DecompressionStream === "undefined") throw new Error("this browser cannot open compressed data; any browser of 2023 or later can");
      main = await inflate(data.main);
      requirements();
      readings();
      filters();
      show();
    } catch (error) {
      byId("problem").textContent = `The cases cannot be shown: ${error.message}.`;
      byId("problem").hidden = false;
      return;
    }
    openWanted();
    window.addEventListener("hashchange", openWanted);
    document.documentElement.dataset.ready = "yes";
  }
  // The address may name a case: #client/flows/... as it stands, percent-encoded, or as case=...
  function openWanted() {
    let wanted = new URLSearchParams(location.hash.slice(1)).get("case") || location.hash.slice(1);
    try {
      wanted = decodeURIComponent(wanted);
    } catch { /* a % that encodes nothing: taken as it is */ }
    if (!main.results.some((row) => row.id === wanted)) return;
    const entry = () => [...document.querySelectorAll(".case")].find((each) => each.dataset.id === wanted);
    limit = main.results.length;
    show();
    if (!entry()) {
      clearFilters();
      show();
    }
    const opened = entry();
    opened.open = true;
    opened.scrollIntoView();
  }
  begin();
})();

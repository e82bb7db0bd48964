// What the page does beyond a page: rows that come while it is open, a filter that needs no button, and details in a dialog.
// All markup is made by the relay, escaped; nothing here puts text into markup. Without this script the page works, and does not move.
"use strict";

(() => {
  const rowsMax = 500;
  const $ = (selector, within = document) => within.querySelector(selector);
  document.documentElement.classList.add("js");

  // The only way from text to markup: what comes from the relay itself, parsed into a document that runs nothing.
  const trusted = window.trustedTypes?.createPolicy("meetbus", { createHTML: (html) => html });
  const parse = (html) => new DOMParser().parseFromString(trusted ? trusted.createHTML(html) : html, "text/html");

  document.addEventListener("mouseover", light);
  document.addEventListener("focusin", light);

  // light shows where the value below the pointer has gone, or has come from.
  function light(event) {
    const line = event.target.closest?.(".json li");
    const sides = event.target.closest?.(".sides");
    for (const old of document.querySelectorAll(".json li.hit")) old.classList.remove("hit");
    if (!line?.dataset.path || !sides) return;
    const others = new Set([...line.querySelectorAll("[data-at]")].map((at) => at.dataset.at));
    let any = false;
    for (const other of sides.querySelectorAll(".json li[data-path]")) {
      if (other.closest(".json") !== line.closest(".json") && others.has(other.dataset.path)) {
        other.classList.add("hit");
        any = true;
      }
    }
    if (any) line.classList.add("hit");
  }

  const table = $("#webhooks");
  if (!table) return;
  const body = table.tBodies[0];
  const form = $("#filter");
  const pause = $("#pause");
  const dialog = $("#detail");
  const said = $("#said");

  // Live.
  let source, again, opened;
  let last = Number(table.dataset.last);
  const query = () => new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim() !== ""));

  function listen() {
    clearTimeout(again);
    source?.close();
    const asked = query();
    asked.set("after", last);
    source = new EventSource("/inspector/live?" + asked);
    source.addEventListener("open", () => state("live"));
    source.addEventListener("rows", (event) => {
      last = Number(event.lastEventId);
      insert(parse("<table><tbody>" + event.data + "</tbody></table>"));
    });
    source.addEventListener("plots", (event) => {
      last = Number(event.lastEventId);
      redraw(parse(event.data));
    });
    source.addEventListener("error", () => {
      state("lost");
      if (source.readyState === EventSource.CLOSED) again = setTimeout(retry, 5000);
    });
  }

  // retry finds out whether somebody must log in again.
  async function retry() {
    const answer = await fetch("/").catch(() => null);
    if (answer?.status === 401) location.reload();
    else listen();
  }

  function state(word) {
    pause.hidden = false;
    pause.classList.toggle("lost", word === "lost");
    pause.setAttribute("aria-pressed", String(word === "paused"));
    $(".word", pause).textContent = word;
  }

  function insert(parsed) {
    const rows = [...parsed.querySelectorAll("tbody > tr")];
    const known = new Set([...body.rows].slice(0, rows.length * 2).map((row) => row.dataset.number));
    const fresh = rows.filter((row) => !known.has(row.dataset.number)).map((row) => document.importNode(row, true));
    for (const row of fresh) row.classList.add("fresh");
    body.prepend(...fresh);
    while (body.rows.length > rowsMax) body.lastElementChild.remove();
    $("#none").hidden = body.rows.length > 0;
  }

  function redraw(parsed) {
    $("#plots").replaceChildren(...[...$("#plots", parsed).childNodes].map((node) => document.importNode(node, true)));
    for (const count of parsed.querySelectorAll("b[data-count]")) {
      for (const shown of form.querySelectorAll("b[data-count]")) {
        if (shown.dataset.count === count.dataset.count) shown.textContent = count.textContent;
      }
    }
  }

  pause.addEventListener("click", () => {
    if (pause.getAttribute("aria-pressed") === "true") {
      listen();
      return;
    }
    clearTimeout(again);
    source.close();
    state("paused");
  });

  // Filter.
  let typing;
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  form.addEventListener("change", apply);
  form.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(apply, 200); });

  async function apply() {
    clearTimeout(typing);
    const address = "/?" + query();
    history.replaceState(null, "", address === "/?" ? "/" : address);
    source.close();
    const answer = await fetch(address);
    if (!answer.ok) { location.reload(); return; }
    const parsed = parse(await answer.text());
    const found = $("#webhooks", parsed);
    body.replaceChildren(...[...found.tBodies[0].rows].map((row) => document.importNode(row, true)));
    $("#none").replaceWith(document.importNode($("#none", parsed), true));
    last = Number(found.dataset.last);
    said.textContent = body.rows.length + " webhooks";
    listen();
  }

  // Details.
  async function open(link) {
    opened = link.closest("tr").dataset.number;
    const answer = await fetch(link.href);
    const parsed = parse(await answer.text());
    const article = $("article", parsed);
    if (!article) { location.assign(link.href); return; }
    const content = $(".content", dialog);
    content.replaceChildren(document.importNode(article, true));
    const whole = document.createElement("a");
    whole.href = link.href;
    whole.textContent = "as a page of its own";
    content.append(whole);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  }

  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey || String(getSelection())) return;
    event.preventDefault();
    open($("a.open", row));
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => focusRow([...body.rows].findIndex((row) => row.dataset.number === opened)));

  // Keys.
  function focusRow(index) {
    $("a.open", body.rows[Math.max(0, Math.min(index, body.rows.length - 1))] ?? body)?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
    const rows = [...body.rows];
    const at = rows.findIndex((row) => row.contains(document.activeElement) || (dialog.open && row.dataset.number === opened));
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (dialog.open) {
      const turn = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 }[event.key];
      if (turn && rows[at + turn]) open($("a.open", rows[at + turn]));
    } else if (step) {
      event.preventDefault();
      focusRow(at < 0 ? 0 : at + step);
    } else if (event.key === "/") {
      event.preventDefault();
      form.elements.meeting.focus();
    } else if (event.key === "p") {
      pause.click();
    }
  });

  listen();
})();

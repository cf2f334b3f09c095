// What the pages do beyond links: ages that grow, parts that renew themselves, buttons that call the API, plots.
"use strict";

(() => {
  const RENEW_AT_MOST_EVERY = 2000; // milliseconds
  const RENEW_AT_LEAST_EVERY = 60000;
  const RENEW_WITHOUT_STREAM_EVERY = 10000;
  const RECONNECT_AFTER = 5000;
  const SIGNS_OF_LIFE = new Set(["hello", "tick"]);

  // Ages: by the server's clock, which the reader's need not agree with

  let serverNow = 0; // milliseconds, at the moment `readAt` of this browser's own steady clock
  let readAt = 0;

  function setClock(root) {
    serverNow = Date.parse(root.querySelector("[data-now]").dataset.now);
    readAt = performance.now();
  }

  function describeAge(seconds) {
    if (seconds < -1) return "in the future";
    if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min ago`;
    return `${Math.floor(seconds / 86400)} days ago`;
  }

  function showAges() {
    const now = serverNow + performance.now() - readAt;
    for (const element of document.querySelectorAll("time[data-age]")) {
      const text = describeAge((now - Date.parse(element.dateTime)) / 1000);
      if (element.textContent !== text) element.textContent = text;
    }
  }

  // Plots: the server writes figures whose colours are names of the sheet's variables

  const scheme = matchMedia("(prefers-color-scheme: dark)");

  function coloured(value, styles) {
    if (typeof value === "string") return /^--[a-z-]+$/.test(value) ? styles.getPropertyValue(value).trim() : value;
    if (Array.isArray(value)) return value.map((each) => coloured(each, styles));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, coloured(each, styles)]));
  }

  function draw(root) {
    if (!window.Plotly) return;
    const styles = getComputedStyle(document.documentElement);
    for (const element of root.querySelectorAll("[data-figure]")) {
      const figure = coloured(JSON.parse(element.dataset.figure), styles);
      window.Plotly.react(element, figure.data, figure.layout, { displayModeBar: false, responsive: true });
    }
  }

  // Renewing: the server renders the page again, and each part that it renders differently is exchanged

  const sent = new Map(); // what the server last sent of each part
  let lastRenewal = 0;
  let renewal = null; // the timer of the next one
  let begun = 0; // how many renewals, so that an answer that a later one overtook is not shown
  let isRenewing = false;
  let isWanted = false; // something happened while the page was renewing itself

  const partsOf = (root) => [...root.querySelectorAll("[data-part]")];

  function remember(root) {
    sent.clear();
    for (const part of partsOf(root)) sent.set(part.id, part.innerHTML);
  }

  function isInUse(element) {
    const active = document.activeElement;
    return element.contains(active) && active.matches("input, select, textarea");
  }

  function exchange(old, fresh) {
    const opened = new Set([...old.querySelectorAll("details[open][id]")].map((each) => each.id));
    const seen = new Set([...old.querySelectorAll("li[id]")].map((each) => each.id));
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    if (window.Plotly) old.querySelectorAll("[data-figure]").forEach((each) => window.Plotly.purge(each));
    old.innerHTML = fresh.innerHTML; // rendered by our server, where every text from outside is escaped
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    for (const item of old.querySelectorAll("li[id]")) if (seen.size && !seen.has(item.id)) item.classList.add("fresh");
    if (focused) document.getElementById(focused)?.focus();
    draw(old);
  }

  function renewFrom(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    if (!fresh.querySelector("[data-now]")) return;
    const same = partsOf(document).map((part) => part.id).join() === partsOf(fresh).map((part) => part.id).join();
    const pairs = same
      ? partsOf(document).map((part) => [part, fresh.getElementById(part.id)])
      : [[document.querySelector("main"), fresh.querySelector("main")]];
    for (const [old, made] of pairs) {
      if (same && sent.get(old.id) === made.innerHTML) continue;
      if (!isInUse(old)) exchange(old, made);
    }
    tokenIn(document).content = tokenIn(fresh).content;
    remember(fresh);
    setClock(fresh);
    showAges();
  }

  async function renew() {
    renewal = null; // its timer has fired
    if (!document.hidden && !document.querySelector("dialog[open]")) await renewNow();
    else lastRenewal = performance.now();
  }

  async function renewNow() {
    clearTimeout(renewal);
    renewal = null;
    lastRenewal = performance.now();
    begun += 1;
    const mine = begun;
    isRenewing = true; // a slow server is asked for one page at a time, but after a change
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const text = await answer.text();
      if (answer.ok && mine === begun) renewFrom(text);
    } catch {
      showConnection(false); // the next attempt follows by itself
    }
    if (mine !== begun) return;
    isRenewing = false;
    if (isWanted) renewSoon();
  }

  function renewSoon() {
    isWanted = isRenewing;
    if (isRenewing || renewal !== null || !partsOf(document).length) return;
    const since = performance.now() - lastRenewal;
    renewal = setTimeout(renew, Math.max(300, RENEW_AT_MOST_EVERY - since));
  }

  // The stream says that something happened, and the page asks the server what it looks like now

  let isConnected = false;

  function showConnection(connected) {
    isConnected = connected;
    const status = document.getElementById("connection");
    const text = connected ? "Live" : "Not live, retrying";
    if (status && status.textContent !== text) status.textContent = text;
  }

  function listen() {
    const url = new URL("/v1/stream", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const stream = new WebSocket(url);
    stream.addEventListener("open", () => { showConnection(true); renewSoon(); });
    stream.addEventListener("message", (event) => {
      if (!SIGNS_OF_LIFE.has(JSON.parse(event.data).kind)) renewSoon();
    });
    stream.addEventListener("close", () => { showConnection(false); setTimeout(listen, RECONNECT_AFTER); });
  }

  // Buttons: every form with data-path calls one route of the API

  function say(form, text, isGood) {
    const place = form.querySelector("[role=status]");
    if (!place) return;
    place.textContent = text;
    place.className = isGood ? "note good" : "note bad";
  }

  const tokenIn = (root) => root.querySelector("meta[name=csrf]");

  // Another window of this browser may have begun a new session, whose token only the server knows.
  async function takeNewToken() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return false;
    const fresh = tokenIn(new DOMParser().parseFromString(await answer.text(), "text/html"));
    const isNew = Boolean(fresh?.content) && fresh.content !== tokenIn(document).content;
    if (isNew) tokenIn(document).content = fresh.content;
    return isNew;
  }

  function call(form) {
    const fields = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
    const ids = form.dataset.ids ? { ids: JSON.parse(form.dataset.ids) } : {};
    const options = { method: form.dataset.method, headers: { "X-CSRF-Token": tokenIn(document).content } };
    if (form.dataset.method !== "DELETE") {
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify({ ...fields, ...ids });
    }
    return fetch(form.dataset.path, options);
  }

  async function send(form) {
    let answer = await call(form);
    if (answer.status === 403 && (await takeNewToken())) answer = await call(form);
    if (answer.ok) return "";
    const problem = await answer.json().catch(() => ({}));
    return problem.detail || problem.title || `The server answered ${answer.status}.`;
  }

  async function submit(event) {
    const form = event.target;
    if (!form.dataset.path) return;
    event.preventDefault();
    const button = form.querySelector("button[type=submit], button:not([type])");
    const words = button.textContent;
    button.disabled = true;
    button.textContent = "Working …";
    try {
      const problem = await send(form);
      if (problem) return say(form, problem, false);
      await renewNow();
      form.closest("dialog")?.close();
    } catch {
      say(form, "The server does not answer. Try again.", false);
    } finally {
      button.disabled = false;
      button.textContent = words;
    }
  }

  function click(event) {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
    const closer = event.target.closest("[data-closes]");
    if (closer) closer.closest("dialog").close();
  }

  setClock(document);
  remember(document);
  showAges();
  draw(document);
  document.addEventListener("submit", submit);
  document.addEventListener("click", click);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) renewSoon(); });
  scheme.addEventListener("change", () => draw(document));
  setInterval(showAges, 1000);
  setInterval(() => {
    const limit = isConnected ? RENEW_AT_LEAST_EVERY : RENEW_WITHOUT_STREAM_EVERY;
    if (performance.now() - lastRenewal > limit) renewSoon();
  }, 1000);
  if (partsOf(document).length) listen();
})();

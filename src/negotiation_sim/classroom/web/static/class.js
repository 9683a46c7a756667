// What pages do besides their forms: all of it can be left out, the forms work without.
//
// data-live="/prefix/"     the page is told when something happens, and writes its [data-part]s anew
// data-keep="KEY"          a part that stays as it is while KEY is the same: somebody may be typing in it
// data-send                a form that is sent without leaving the page; data-form="NAME": its half-typed text is kept
// data-once                a form whose buttons are disabled once it is sent
// data-weigh="URL"         a form that is weighed whenever it changes, into #weighed; data-fill: fills its levels in
// data-deadline="SECONDS"  counts down to a time of the server's clock
// data-fragment            a field that takes the address's fragment, which no server and no log sees
"use strict";

const body = document.body;
const banner = document.getElementById("connection");
const LATE = 15; // seconds from which a countdown is marked
let ahead = 0; // seconds by which the server's clock is ahead of this one
let seen = Number(body.dataset.seq || 0); // number of the last event that the page shows

document.documentElement.classList.add("js");

function warn(text) {
  banner.hidden = !text;
  banner.textContent = text;
}

// ---- the clock ----

function tick() {
  for (const each of document.querySelectorAll("[data-deadline]")) {
    const left = Math.max(0, Math.ceil(Number(each.dataset.deadline) - ahead - Date.now() / 1000));
    each.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    each.classList.toggle("soon", left <= LATE);
  }
}

function setClock(now) {
  ahead = now - Date.now() / 1000;
  tick();
}

// ---- half-typed text ----

function place(form) {
  return `${location.pathname} ${form.dataset.form}`;
}

function keepDraft(form) {
  const fields = [...new FormData(form)].filter(([name]) => !["csrf", "step"].includes(name));
  sessionStorage.setItem(place(form), JSON.stringify(fields));
}

function fillIn(form, fields) {
  for (const [name, value] of fields) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value;
      else if (field.type !== "hidden" && field.type !== "submit") field.value = value;
    }
  }
}

// ---- forms ----

async function send(form, button) {
  const says = form.querySelector(".says");
  const fields = new URLSearchParams(new FormData(form));
  if (button && button.name) fields.append(button.name, button.value);
  const answer = await fetch(form.action, {
    method: "POST",
    body: fields,
    redirect: "manual",
    headers: { Accept: "application/json" },
  }).catch(() => null);
  if (answer && (answer.ok || answer.type === "opaqueredirect")) {
    sessionStorage.removeItem(place(form));
    says.hidden = true;
    form.reset();
    await refresh();
    if (!form.isConnected) document.getElementById("main").focus({ preventScroll: true });
    return;
  }
  const told = answer && (await answer.json().catch(() => null));
  says.textContent = told ? told.says : "Not sent: the server does not answer. What you typed stays here; please try again.";
  says.hidden = false;
}

let weighings = 0;

async function weigh(form) {
  const mine = ++weighings;
  const answer = await fetch(form.dataset.weigh, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { Accept: "application/json" },
  }).catch(() => null);
  if (!answer || mine !== weighings) return; // a later change is being weighed
  const told = await answer.json().catch(() => ({ says: "" }));
  const place = document.getElementById("weighed");
  if (answer.ok) place.innerHTML = told.parts.weighed;
  else place.textContent = told.says;
}

function fill(select) {
  const levels = (select.selectedOptions[0].dataset.levels || "").split(",");
  const issues = select.dataset.fill.split(" ");
  fillIn(select.form, issues.map((issue, at) => [`level.${issue}`, levels[at] || "0"]));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const buttons = [...form.querySelectorAll("button")].filter((each) => !each.disabled);
  if (form.dataset.weigh && event.submitter && event.submitter.hasAttribute("formaction")) {
    event.preventDefault(); // Enter in a field is no decision
    weigh(form);
  } else if (form.hasAttribute("data-send")) {
    event.preventDefault();
    const sent = send(form, event.submitter);
    buttons.forEach((each) => (each.disabled = true));
    await sent;
    buttons.forEach((each) => (each.disabled = false));
  } else if (form.hasAttribute("data-once")) {
    buttons.forEach((each) => (each.disabled = true));
  }
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form) return;
  if (event.target.dataset.fill !== undefined) fill(event.target);
  if (form.dataset.form) keepDraft(form);
  if (form.dataset.weigh && event.target.name !== "why") weigh(form);
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // come back to by the browser's button: what it shows is old
});

function dress(root) {
  for (const form of root.querySelectorAll("form[data-form]")) {
    const kept = sessionStorage.getItem(place(form));
    if (kept && !form.hasAttribute("data-filled")) fillIn(form, JSON.parse(kept));
    if (form.dataset.weigh) weigh(form);
  }
}

// ---- what has happened ----

const written = new Map(); // part -> its HTML as the server wrote it
for (const each of document.querySelectorAll("[data-part]")) written.set(each.dataset.part, each.outerHTML);

function replace(name, html) {
  const old = document.querySelector(`[data-part="${name}"]`);
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.querySelector("[data-part]");
  if (!old || !fresh) return;
  const same = fresh.outerHTML === written.get(name);
  const kept = fresh.dataset.keep !== undefined && fresh.dataset.keep === old.dataset.keep;
  if (same || kept) return;
  written.set(name, fresh.outerHTML);
  for (const each of old.querySelectorAll("details[id]")) {
    const its = fresh.querySelector(`#${CSS.escape(each.id)}`);
    if (its) its.open = each.open;
  }
  const focused = old.contains(document.activeElement) ? document.activeElement.id : null;
  old.replaceWith(fresh);
  dress(fresh);
  if (focused !== null) (document.getElementById(focused) || document.getElementById("main")).focus({ preventScroll: true });
  const news = fresh.querySelector("[data-announce]");
  if (news) document.getElementById("announce").textContent = news.textContent;
}

let asking = null;
let again = false;

// One request at a time; what happens meanwhile is asked for once more. Says whether the server answered.
function refresh() {
  if (!body.dataset.live) return Promise.resolve(location.reload());
  again = true;
  asking ??= (async () => {
    let answered = true;
    while (again && answered) {
      again = false;
      answered = await ask();
    }
    asking = null;
    return answered;
  })();
  return asking;
}

async function ask() {
  const answer = await fetch(`${body.dataset.live}parts`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer || answer.status >= 500) return false;
  if (!answer.ok) {
    location.reload(); // the token is revoked: the page says so
    return false;
  }
  const { seq, parts } = await answer.json();
  seen = seq;
  for (const [name, html] of Object.entries(parts)) replace(name, html);
  tick();
  return true;
}

let patience = 500; // milliseconds until the next try

let socket = null; // null while the server is away
let heard = 0; // when it last said something
const SILENCE = 25000; // milliseconds after which it is taken for lost: it says something every ten seconds

function connect() {
  let first = true;
  heard = Date.now();
  const mine = (socket = new WebSocket(`${location.origin.replace("http", "ws")}${body.dataset.live}live`));
  mine.addEventListener("message", (event) => {
    if (mine !== socket) return;
    const told = JSON.parse(event.data);
    patience = 500;
    heard = Date.now();
    warn("");
    setClock(told.now);
    if (told.seq === undefined) return; // a heartbeat
    if (!first || told.seq !== seen) refresh();
    first = false;
  });
  mine.addEventListener("close", (event) => {
    if (mine !== socket) return;
    if (event.code === 4429) {
      socket = null;
      warn("This page is open too often: this copy does not change by itself. Load it again to see what is new.");
    } else {
      lost();
    }
  });
}

function lost() {
  socket = null;
  warn("The server does not answer. Trying again; what you have typed stays here.");
  setTimeout(reconnect, patience);
  patience = Math.min(2 * patience, 4000);
}

// A connection that is cut without a word would not be noticed for minutes.
function drop() {
  if (!socket) return;
  const silent = socket;
  lost();
  silent.close();
}

window.addEventListener("offline", drop);
setInterval(() => Date.now() - heard > SILENCE && drop(), 5000);

async function reconnect() {
  await refresh(); // if the token is revoked, this leaves the page
  connect();
}

// ---- begin ----

const field = document.querySelector("[data-fragment]");
if (field && location.hash.length > 1) {
  field.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
}
if (body.dataset.now) setClock(Number(body.dataset.now));
setInterval(tick, 250);
dress(document);
if (body.dataset.live) connect();

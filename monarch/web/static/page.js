// What the page does beside htmx: says truly how live it is, and how long ago things were.
"use strict";
(() => {
  const root = document.documentElement;
  const live = document.getElementById("live");
  const word = document.getElementById("link-state");
  const age = document.getElementById("link-age");
  const pause = document.getElementById("link-pause");
  const SILENT_MS = 15000; // something is sent every five seconds
  const AGAIN_MS = 5000;
  let connection = null, paused = false, heardAt = Date.now(), again = 0;

  const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const show = (state, text) => {
    root.dataset.link = state;
    if (word.textContent !== text) word.textContent = text;
  };
  const asOf = (ms) => {
    if (!age) return;
    const then = new Date(ms);
    age.dataset.at = ms;
    age.dateTime = then.toISOString();
    age.textContent = then.toISOString().slice(11, 19) + " UTC";
  };
  const heard = () => { heardAt = Date.now(); };
  const lost = () => {
    if (!paused) show("lost", "Not connected since " + clock(heardAt) + ": what you see is old");
  };

  const span = (s) => s < 60 ? Math.floor(s) + " s" : s < 3600 ? Math.floor(s / 60) + " min" : s < 86400 ? Math.floor(s / 3600) + " h" : Math.floor(s / 86400) + " d";
  const relate = () => {
    for (const time of live.querySelectorAll("time")) {
      const then = Date.parse(time.dateTime), s = (Date.now() - then) / 1000;
      const ago = Math.abs(s) < 2 ? "now" : s > 0 ? span(s) + " ago" : "in " + span(-s);
      if (time.dataset.ago !== ago) time.dataset.ago = ago;
      if (!time.title) time.title = new Date(then).toLocaleString();
    }
  };

  const connect = () => {
    clearTimeout(again);
    if (!paused && !connection) htmx.trigger(live, "again");
  };
  const later = () => {
    clearTimeout(again);
    again = setTimeout(connect, AGAIN_MS * (1 + Math.random()));
  };

  live.addEventListener("htmx:sse:before:connection", (event) => {
    if (paused) event.preventDefault();
    else if (event.detail.connection.attempt > 1) lost();
  });
  live.addEventListener("htmx:sse:after:connection", (event) => {
    connection = event.detail.connection;
    heard();
  });
  live.addEventListener("htmx:sse:before:message", (event) => {
    const { message } = event.detail;
    heard();
    if (message.event) return;
    asOf(Number(message.id));
    show("live", "Live");
  });
  live.addEventListener("htmx:sse:after:message", relate);
  live.addEventListener("htmx:sse:error", lost);
  live.addEventListener("htmx:sse:close", () => {
    connection = null;
    if (paused) return;
    lost();
    later();
  });
  live.addEventListener("beat", (event) => {
    asOf(JSON.parse(event.detail.data).at);
    show("live", "Live");
  });
  live.addEventListener("away", (event) => {
    const away = JSON.parse(event.detail.data);
    show("store", "Connected, but " + away.what + " since " + clock(away.since));
  });
  // The first request failed: there is no stream yet that would try again.
  for (const name of ["htmx:error", "htmx:response:error"]) {
    live.addEventListener(name, () => { if (!connection) { lost(); later(); } });
  }

  show("still", "Connecting");
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on" : "Pause";
    pause.setAttribute("aria-pressed", paused);
    if (paused) {
      show("paused", "Paused by you");
      if (connection && connection.reader) connection.reader.cancel();
    } else {
      connect();
    }
  });
  setInterval(() => {
    relate();
    if (!paused && !document.hidden && Date.now() - heardAt > SILENT_MS) lost();
  }, 1000);
  relate();
})();

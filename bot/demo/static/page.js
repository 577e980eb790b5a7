// The demo's own part of SimCord's page: who you are, the channels, the demo's buttons, the menu of
// each message, commands that can be clicked, and relative times that go on.
(() => {
  "use strict";
  const PEOPLE = { mika: "Member", noor: "Moderator" };
  const CHANNELS = { papers: "# papers", moderators: "# moderators", messages: "@ Direct messages" };
  const POLL = 1000; // milliseconds
  const UNITS = [["year", 365 * 86400], ["month", 30 * 86400], ["day", 86400], ["hour", 3600],
    ["minute", 60], ["second", 1]];
  const QUIET = /^(?!.*(not completed|uncertain|interrupted|unavailable|ended|Reload))/;

  // The address names the visitor and the channel. SimCord's page sends it along as its secret.
  let [person, channel] = location.hash.slice(1).split("/");
  if (!(person in PEOPLE)) person = "mika";
  if (!(channel in CHANNELS)) channel = "papers";
  const place = `${person}/${channel}`;
  if (location.hash !== `#${place}`) history.replaceState(null, "", `#${place}`);
  document.cookie = `timezone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; SameSite=Strict`;

  let state = null;

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  async function request(path, body) {
    const answer = await fetch(`/demo/${path}`, {
      method: path === "state" ? "GET" : "POST",
      headers: { "X-Simcord-Capability": place, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(answer.statusText);
    const before = state;
    state = await answer.json();
    if (before && before.run !== state.run) location.reload(); // what it shows is gone
    else show();
  }

  // --- the panel ---

  const people = element("nav", { id: "demo-people", "aria-label": "Who you are" });
  for (const [name, role] of Object.entries(PEOPLE)) {
    const link = element("a", { href: `#${name}/papers` },
      name[0].toUpperCase() + name.slice(1), element("small", {}, role));
    if (name === person) link.setAttribute("aria-current", "true");
    people.append(link);
  }
  const channels = element("nav", { "aria-label": "Channels" });
  const note = element("p", { role: "status" });
  const buttons = Object.fromEntries(["publish", "day", "discord", "feed"].map((name) => {
    const button = element("button", { type: "button" });
    button.addEventListener("click", async () => {
      button.disabled = true;
      try { await request(name); } finally { button.disabled = false; show(); }
    });
    return [name, button];
  }));

  function panel() {
    const title = element("span", {}, "Open Lab", element("small", {}, "on a simulated Discord"));
    const picture = element("img", { src: "/demo/avatar.png", alt: "" });
    return element("aside", { id: "demo", "aria-label": "Demo" },
      element("h1", {}, picture, title),
      element("section", {}, element("h2", {}, "You are"), people),
      element("section", {}, element("h2", {}, "Channels"), channels),
      element("section", {}, element("h2", {}, "Try it"),
        element("div", { id: "demo-buttons" }, ...Object.values(buttons)), note),
      document.getElementById("action-status"));
  }

  function show() {
    if (!state) return;
    const left = state.papers_left;
    buttons.publish.textContent = left ? `Publish a paper (${left} left)` : "No more papers";
    buttons.publish.disabled = !left;
    buttons.day.textContent = "Let a day pass";
    toggle(buttons.discord, state.has_outage, "Take Discord down", "Bring Discord back up");
    toggle(buttons.feed, state.feed_is_down, "Take the feed down", "Bring the feed back up");
    note.textContent = outages() || morning();
    showChannels();
    document.querySelectorAll("article[data-message-id]").forEach(addApps);
    document.querySelectorAll("time.discord-timestamp").forEach(updateTime);
  }

  function toggle(button, isDown, down, up) {
    button.textContent = isDown ? up : down;
    button.classList.toggle("on", isDown);
  }

  function outages() {
    const waiting = state.waiting === 1 ? "1 announcement is" : `${state.waiting} announcements are`;
    if (state.has_outage) return `Discord refuses the bot's messages. ${waiting} waiting.`;
    if (state.feed_is_down) return "The bot can't read the feed. It'll find the new papers later.";
    return state.waiting ? `${waiting} waiting.` : "";
  }

  function morning() {
    if (!state.days_passed) return "";
    const day = new Date(state.now).toLocaleDateString("en", { weekday: "long", timeZone: "UTC" });
    if (!state.found) return `It's ${day}.`;
    const verb = state.found === 1 ? "1 paper waits" : `${state.found} papers wait`;
    return `It's ${day}. ${verb} for the moderator, Noor.`;
  }

  function showChannels() {
    channels.replaceChildren(...Object.entries(state.channels).map(([name, latest]) => {
      const link = element("a", { href: `#${person}/${name}` }, CHANNELS[name]);
      const key = `${person}/${name}`;
      if (name === channel) {
        link.setAttribute("aria-current", "page");
        sessionStorage.setItem(key, latest);
      } else if (BigInt(latest) > BigInt(sessionStorage.getItem(key) ?? 0)) link.className = "unread";
      return link;
    }));
  }

  // --- messages ---

  const timeline = () => document.getElementById("channel-timeline");
  const NEAR = 120; // pixels from the end
  const WELCOME = 5; // messages before anything has happened
  let follows = true;
  let newest = null;

  function scrollDown() { timeline().scrollTop = timeline().scrollHeight; }

  // SimCord's page shows new messages only to those who are at the very end, to the pixel.
  function followNewest() {
    const id = [...document.querySelectorAll("article[data-message-id]")].at(-1)?.dataset.messageId;
    if (id === newest) return;
    newest = id;
    if (follows) requestAnimationFrame(scrollDown);
  }

  // SimCord's page opens with the latest message in view, but not its end. If there's little more
  // than the welcome, that is shown from its beginning, until something new comes.
  function scrollWhenReady() {
    if (!window.simcordPreview?.ready) { requestAnimationFrame(scrollWhenReady); return; }
    const shown = document.querySelectorAll("article[data-message-id]").length;
    if (channel === "messages" || shown > WELCOME) { scrollDown(); return; }
    timeline().scrollTop = 0;
    requestAnimationFrame(() => { follows = true; }); // the event of this scrolling comes first
  }

  function addApps(message) {
    const bar = message.querySelector(".message-context-actions");
    if (!bar || !state?.menu.length || bar.querySelector(".demo-apps")) return;
    const button = element("button",
      { type: "button", class: "demo-apps", "aria-haspopup": "menu" }, "Apps ▸");
    button.addEventListener("click", () => {
      const { left, bottom } = button.getBoundingClientRect();
      openMenu(message.dataset.messageId, left, bottom);
    });
    bar.append(button);
  }

  function openMenu(message, x, y) {
    closeMenu();
    const menu = element("div", { class: "demo-menu", role: "menu" }, element("span", {}, "Apps"));
    for (const command of state.menu) {
      const item = element("button", { type: "button", role: "menuitem" }, command);
      item.addEventListener("click", () => { closeMenu(); follows = true; void request("menu", { message, command }); });
      menu.append(item);
    }
    document.body.append(menu);
    menu.style.left = `${Math.min(x, innerWidth - menu.offsetWidth - 8)}px`;
    menu.style.top = `${Math.min(y, innerHeight - menu.offsetHeight - 8)}px`;
    menu.querySelector("button").focus();
  }

  function closeMenu() { document.querySelector(".demo-menu")?.remove(); }

  document.addEventListener("contextmenu", (event) => {
    const message = event.target.closest?.("article[data-message-id]");
    if (!message || !state?.menu.length || event.target.closest("input, textarea")) return;
    event.preventDefault();
    openMenu(message.dataset.messageId, event.clientX, event.clientY);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeMenu(); });
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest?.(".demo-menu, .demo-apps")) closeMenu();
  });

  document.addEventListener("click", (event) => {
    const mention = event.target.closest?.("article .command-mention");
    const input = document.getElementById("channel-composer-input");
    if (!mention || !input) return;
    input.focus();
    input.value = mention.textContent;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // SimCord shows relative times as of when it drew the message.
  function updateTime(time) {
    time.dataset.relative ??= /(^(in |now$|yesterday$|tomorrow$|last |next |this ))|ago$/.test(time.textContent);
    if (time.dataset.relative !== "true") return;
    const seconds = (new Date(time.dateTime) - new Date(state.now)) / 1000;
    const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
    time.textContent = new Intl.RelativeTimeFormat("en").format(Math.round(seconds / size), unit);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector(".preview-workspace").prepend(panel());
    const status = document.getElementById("action-status");
    const watch = (target, update) => {
      new MutationObserver(update).observe(target, { childList: true, subtree: true, characterData: true });
      update();
    };
    watch(status, () => status.classList.toggle("quiet", QUIET.test(status.textContent)));
    watch(document.getElementById("channel-message-list"), () => {
      for (const mention of document.querySelectorAll("article .command-mention")) mention.setAttribute("role", "button");
      if (state) document.querySelectorAll("article[data-message-id]").forEach(addApps);
      followNewest();
    });
    timeline().addEventListener("scroll", () => {
      follows = timeline().scrollHeight - timeline().scrollTop - timeline().clientHeight < NEAR;
    });
    const composer = document.getElementById("channel-composer");
    composer.addEventListener("submit", () => { follows = true; }, true);
    composer.addEventListener("keydown", (event) => { follows ||= event.key === "Enter"; }, true);
    scrollWhenReady();
    const poll = () => request("state").catch(() => {
      note.textContent = "The demo stopped. Run make demo again to start over.";
    }).finally(() => setTimeout(poll, POLL));
    poll();
  });
})();

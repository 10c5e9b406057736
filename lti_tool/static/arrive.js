// Arriving in a frame where the browser keeps no cookies: what the login leaves with the LMS (LTI platform storage)
// is read back after the launch. From then on pages are fetched with the visit's key in a header, since nothing else
// would carry it from one page to the next.
(() => {
  "use strict";
  const place = document.querySelector("[data-arrive]");
  if (!place) return;
  const WAIT = 1500;
  const given = place.dataset;

  const giveUp = () => {
    place.hidden = true;
    document.querySelector("[data-arrive-fallback]").hidden = false;
  };

  // One question to the LMS's frame; answers from elsewhere, or to other questions, are not looked at.
  const ask = (frame, origin, subject, values) => new Promise((resolve, reject) => {
    const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
    const done = (act, value) => {
      clearTimeout(timer);
      window.removeEventListener("message", hear);
      act(value);
    };
    const hear = (event) => {
      const answer = event.data;
      if (event.origin !== origin || event.source !== frame || !answer || answer.message_id !== id) return;
      if (answer.subject !== `${subject}.response`) return;
      if (answer.error) done(reject, new Error(String(answer.error.code)));
      else done(resolve, answer);
    };
    const timer = setTimeout(() => done(reject, new Error("timeout")), WAIT);
    window.addEventListener("message", hear);
    frame.postMessage({ subject, message_id: id, ...values }, origin);
  });

  const storage = () => {
    const host = window.parent !== window ? window.parent : window.opener;
    if (!host || !given.target) return null;
    const frame = given.target === "_parent" ? host : host.frames[given.target];
    return frame || null;
  };

  const put = async () => {
    const frame = storage();
    if (!frame) return false;
    for (const [key, value] of Object.entries(JSON.parse(given.stored))) {
      const answer = await ask(frame, given.origin, "lti.put_data", { key, value });
      if (answer.key !== key || answer.value !== value) return false;
    }
    return true;
  };

  const get = async (key) => {
    const frame = storage();
    if (!frame) return null;
    const answer = await ask(frame, given.origin, "lti.get_data", { key });
    return answer.key === key && typeof answer.value === "string" ? answer.value : null;
  };

  const login = async () => {
    const kept = await fetch(given.cookies, { credentials: "same-origin" }).then((answer) => answer.json());
    if (kept.kept || await put()) window.location.replace(given.next);
    else giveUp();
  };

  const prove = async () => {
    const values = [await get(`lti_state_${given.state}`), await get(`lti_nonce_${given.nonce}`)];
    if (values.includes(null)) return giveUp();
    const body = new URLSearchParams({ ticket: given.ticket, state_value: values[0], nonce_value: values[1] });
    const answer = await fetch(given.proof, { method: "POST", body, credentials: "same-origin" });
    if (!answer.ok) return giveUp();
    const opened = await answer.json();
    return walk(opened.key, opened.page);
  };

  // Pages by key: the window stays, each page replaces the document. Nothing of the key stands in an address.
  const walk = (key, first) => {
    const named = (answer) => {
      const found = /filename\*=UTF-8''([^;]+)|filename="?([^";]+)"?/i.exec(answer.headers.get("Content-Disposition") || "");
      return found ? decodeURIComponent(found[1] || found[2]) : "";
    };
    const save = async (answer) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = named(answer);
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    };
    // A document that still loads is not replaced under way, unless it takes all too long.
    const loaded = () => new Promise((resolve) => {
      if (document.readyState === "complete") resolve();
      else window.addEventListener("load", resolve, { once: true });
      setTimeout(resolve, WAIT);
    });
    const show = async (html, url, remember) => {
      await loaded();
      if (remember) history.pushState(null, "", url);
      else history.replaceState(null, "", url);
      document.open();
      document.write(html);
      document.close();
      attach();
      const target = new URL(url).hash.slice(1);
      if (target) document.getElementById(target)?.scrollIntoView();
      else window.scrollTo(0, 0);
    };
    const go = async (url, options = {}, remember = true) => {
      document.documentElement.setAttribute("aria-busy", "true");
      let answer;
      try {
        answer = await fetch(url, { credentials: "same-origin", ...options, headers: { "X-Blindmark-Key": key } });
      } catch {
        document.documentElement.removeAttribute("aria-busy");
        window.alert("Blindmark can't be reached. Check your connection and try again; what you typed is still here.");
        return;
      }
      const download = answer.headers.has("Content-Disposition") && !answer.headers.get("Content-Disposition").startsWith("inline");
      if (download || !(answer.headers.get("Content-Type") || "").startsWith("text/html")) {
        document.documentElement.removeAttribute("aria-busy");
        await save(answer);
        return;
      }
      const hash = new URL(url, location.href).hash;
      await show(await answer.text(), new URL(hash, answer.url).href, remember);
    };
    const leave = () => window.dispatchEvent(new Event("beforeunload", { cancelable: true }))
      || window.confirm("What you typed here is not saved. Leave the page?");
    const ours = (url) => url.origin === location.origin;
    const click = (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const url = new URL(link.href, location.href);
      const samePage = url.pathname === location.pathname && url.search === location.search && url.hash;
      if (!ours(url) || samePage || url.protocol === "blob:") return;
      event.preventDefault();
      if (leave()) go(url.href);
    };
    const submit = (event) => {
      if (event.defaultPrevented) return;
      const form = event.target;
      const sender = event.submitter;
      const url = new URL(sender?.getAttribute("formaction") || form.getAttribute("action") || location.href, location.href);
      if (!ours(url)) return;
      event.preventDefault();
      const data = new FormData(form, sender);
      const method = (sender?.getAttribute("formmethod") || form.method || "get").toUpperCase();
      if (method === "GET") {
        url.search = new URLSearchParams(data).toString();
        go(url.href);
        return;
      }
      const files = form.enctype === "multipart/form-data";
      go(url.href, { method, body: files ? data : new URLSearchParams(data) });
    };
    const attach = () => {
      document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-Blindmark-Key"] = key; });
      document.addEventListener("click", click);
      document.addEventListener("submit", submit);
      window.addEventListener("popstate", () => go(location.href, {}, false));
    };
    return go(new URL(first, location.href).href, {}, false);
  };

  (given.arrive === "login" ? login() : prove()).catch(giveUp);
})();

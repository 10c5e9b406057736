"use strict";
// What the tool may ask of the page around it: another height for its frame, to be closed, or to keep a few values for
// it (LTI platform storage), which live as long as this page.
(() => {
  const frame = document.querySelector("iframe[data-tool-origin]");
  const closing = ["lti.close", "lti_close", "org.imsglobal.lti.close"];

  function read(data) {
    if (typeof data !== "string") return data;
    try {
      return JSON.parse(data);
    } catch {
      return null;
    }
  }

  const kept = new Map();
  const offered = ["lti.capabilities", "lti.put_data", "lti.get_data", "lti.frameResize", "lti.close"];

  function answer(message) {
    const reply = { subject: `${message.subject}.response`, message_id: message.message_id };
    const refuse = (code, words) => ({ ...reply, error: { code, message: words } });
    if (typeof message.message_id !== "string" || !message.message_id) return refuse("bad_request", "message_id is missing");
    if (message.subject === "lti.capabilities") {
      return { ...reply, supported_messages: offered.map((subject) => ({ subject, frame: "_parent" })) };
    }
    if (typeof message.key !== "string" || !message.key) return refuse("bad_request", "key is missing");
    if (message.subject === "lti.get_data") return { ...reply, key: message.key, value: kept.get(message.key) ?? null };
    if (message.value === null) {
      kept.delete(message.key);
      return { ...reply, key: message.key, value: null };
    }
    if (typeof message.value !== "string") return refuse("bad_request", "value must be a string");
    if (message.value.length > 4096) return refuse("bad_request", "value is too long");
    if (kept.size >= 100 && !kept.has(message.key)) return refuse("storage_exhaustion", "too many values");
    kept.set(message.key, message.value);
    return { ...reply, key: message.key, value: message.value };
  }

  window.addEventListener("message", (event) => {
    if (event.origin !== frame.dataset.toolOrigin || event.source !== frame.contentWindow) return;
    const message = read(event.data);
    if (message === null || typeof message !== "object") return;
    if (message.subject === "lti.frameResize") {
      const height = Number(message.height);
      if (height > 0) frame.style.height = `${Math.min(Math.max(Math.ceil(height), 200), 20000)}px`;
    } else if (["lti.capabilities", "lti.put_data", "lti.get_data"].includes(message.subject)) {
      event.source.postMessage(answer(message), event.origin);
    } else if (closing.includes(message.subject)) {
      window.location.assign(frame.dataset.course);
    }
  });
})();

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const last = data.steps.length;
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;
  const rows = [...document.querySelectorAll("tr[data-step]")];
  const cells = new Map([...document.querySelectorAll("tr[data-cell]")].map((row) => [Number(row.dataset.cell), row]));
  const text = (index) => data.texts[index];
  let now = 0;
  let picked = -1;

  // ------------------------------------------------------------ state

  function stateAfter(number) {
    const values = data.cells.map((cell) => cell.initial);
    const changed = new Map();
    for (let i = 0; i < number; i++) {
      for (const [cell, value] of data.steps[i].changes) {
        if (i === number - 1) changed.set(cell, values[cell]);
        values[cell] = text(value);
      }
    }
    return [values, changed];
  }

  function showState() {
    const [values, changed] = stateAfter(now);
    for (const [index, row] of cells) {
      const differs = changed.has(index);
      row.classList.toggle("changed", differs);
      row.querySelector("td").textContent = differs ? `${values[index]} (was ${changed.get(index)})` : values[index];
    }
    $("after").textContent = `after step ${now}`;
  }

  // ------------------------------------------------------------ one step

  function items(list, texts) {
    list.replaceChildren(...texts.map((parts) => {
      const item = document.createElement("li");
      for (const [kind, words] of parts) {
        if (!words) continue;
        const part = document.createElement(kind);
        part.textContent = words;
        item.append(part, " ");
      }
      return item;
    }));
  }

  function show() {
    const step = data.steps[now - 1];
    const row = rows[now - 1];
    document.querySelector("tr.now")?.classList.remove("now");
    document.querySelector("[aria-current]")?.removeAttribute("aria-current");
    row.classList.add("now");
    row.querySelector("a").setAttribute("aria-current", "step");
    $("at").textContent = `${now} of ${last}`;
    items($("details"), step.details.map((line) => [["span", text(line)]]));
    items($("where"), step.where.map(([context, status, path, statement]) => [
      ["strong", data.contexts[context]], ["span", text(status)], ["small", text(path)], ["code", text(statement)],
    ]));
    showState();
  }

  function openFold(row) {
    let first = row;
    while (first && !first.classList.contains("fold")) first = first.previousElementSibling;
    if (first) unfold(first, true);
  }

  function unfold(fold, open) {
    fold.classList.toggle("opened", open);
    fold.querySelector("button").setAttribute("aria-expanded", String(open));
    for (let row = fold.nextElementSibling; row?.classList.contains("quiet"); row = row.nextElementSibling) {
      row.classList.toggle("open", open);
    }
  }

  const folded = () => root.classList.contains("folded");
  const hidden = (row) => folded() && row.classList.contains("quiet") && !row.classList.contains("open");

  function select(number, aloud = true) {
    if (!last) return;
    now = Math.min(Math.max(number, 1), last);
    const row = rows[now - 1];
    if (hidden(row)) openFold(row);
    show();
    row.scrollIntoView({ block: "nearest" });
    history.replaceState(null, "", `#s${now}`);
    if (aloud) $("live").textContent = data.steps[now - 1].say;
  }

  // ------------------------------------------------------------ where to go

  function walk(by) {
    let to = now + by;
    while (to >= 1 && to <= last && hidden(rows[to - 1])) to += by;
    if (to > last && data.loop) return select(data.loop);
    if (to >= 1 && to <= last) select(to);
  }

  const begins = (number) => number === 1 || data.steps[number - 2].context !== data.steps[number - 1].context;

  function jump(by, wanted, nothing) {
    for (let to = now + by; to >= 1 && to <= last; to += by) if (wanted(to)) return select(to);
    $("live").textContent = nothing;
  }

  // A state is as it is after a step; a write is the step at which the field is written, changed or not.
  const writes = (number) => {
    const step = data.steps[number - 1];
    return step.writes.includes(picked) || step.changes.some(([cell]) => cell === picked);
  };

  function jumpToWrite(by) {
    if (picked < 0) $("live").textContent = "Pick a field in the state first.";
    else jump(by, writes, `No ${by > 0 ? "later" : "earlier"} write of ${data.cells[picked].name}.`);
  }

  function pick(index) {
    picked = picked === index ? -1 : index;
    for (const [cell, row] of cells) {
      row.querySelector("button")?.setAttribute("aria-pressed", String(cell === picked));
    }
    let counts = [0, 0];
    rows.forEach((row, i) => {
      const kind = picked < 0 ? "" : writes(i + 1) ? "W" : data.steps[i].reads.includes(picked) ? "R" : "";
      if (kind) row.dataset.access = kind;
      else delete row.dataset.access;
      counts = [counts[0] + (kind === "R"), counts[1] + (kind === "W")];
    });
    $("picked").hidden = picked < 0;
    const found = `read in ${counts[0]} steps (R), written in ${counts[1]} (W)`;
    $("picked").textContent = picked < 0 ? "" : `${data.cells[picked].name}: ${found}`;
    $("live").textContent = $("picked").textContent;
  }

  // ------------------------------------------------------------ keys

  function setFolded(on) {
    root.classList.toggle("folded", on);
    $("fold").setAttribute("aria-pressed", String(on));
    if (now && hidden(rows[now - 1])) openFold(rows[now - 1]);
    if (now) rows[now - 1].scrollIntoView({ block: "nearest" });
  }

  const keys = {
    j: () => walk(1),
    k: () => walk(-1),
    n: () => jump(1, begins, "No later context switch."),
    p: () => jump(-1, begins, "No earlier context switch."),
    "]": () => jumpToWrite(1),
    "[": () => jumpToWrite(-1),
    g: () => { $("goto").focus(); $("goto").select(); },
    f: () => setFolded(!folded()),
    t: turnTheme,
    "?": () => ($("help").open ? $("help").close() : $("help").showModal()),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT") return;
    if ($("help").open && event.key !== "?") return;
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  $("goto").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && $("goto").value) select(Number($("goto").value));
    if (event.key === "Enter" || event.key === "Escape") $("goto").blur();
  });
  $("tools").addEventListener("click", (event) => {
    const key = event.target.closest("button")?.dataset.key;
    if (key) keys[key]();
  });
  $("close").addEventListener("click", () => $("help").close());

  // ------------------------------------------------------------ mouse, address, clipboard

  document.querySelector("table.run").addEventListener("click", (event) => {
    const fold = event.target.closest("tr.fold");
    if (fold) return unfold(fold, !fold.classList.contains("opened"));
    const row = event.target.closest("tr[data-step]");
    if (row && !String(getSelection())) {
      event.preventDefault();
      select(Number(row.dataset.step));
    }
  });
  document.querySelector("aside").addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-cell]");
    if (row && event.target.closest("button")) pick(Number(row.dataset.cell));
  });
  $("copy").addEventListener("click", () => {
    const done = () => { $("live").textContent = "Copied."; };
    const byHand = () => { getSelection().selectAllChildren($("text")); document.execCommand("copy"); done(); };
    if (navigator.clipboard) navigator.clipboard.writeText($("text").textContent).then(done, byHand);
    else byHand();
  });
  const fromAddress = () => Number(/^#s(\d+)$/.exec(location.hash)?.[1] ?? 0);
  addEventListener("hashchange", () => { if (fromAddress() && fromAddress() !== now) select(fromAddress()); });

  $("tools").hidden = $("copy").hidden = false;
  if (last) {
    if (fromAddress()) select(fromAddress());
    else { now = last; show(); }
  }
})();

(() => {
  const $ = (id) => document.getElementById(id);
  const rows = [...document.querySelectorAll(".list tbody tr")].map((row) => [
    row,
    [...row.querySelectorAll("[data-find]")].map((part) => part.textContent).join(" ").toLowerCase(),
  ]);

  function find() {
    const words = $("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const [row, text] of rows) {
      const fits = words.every((word) => text.includes(word));
      row.classList.toggle("other-words", !fits);
      found += fits;
    }
    $("live").textContent = words.length ? `${found} of ${rows.length} rows have these words.` : "";
  }

  $("words").addEventListener("input", find);
  $("theme").addEventListener("click", turnTheme);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === $("words")) {
      if (event.key !== "Escape") return;
      $("words").value = "";
      find();
      $("words").blur();
    } else if (event.key === "/") {
      event.preventDefault();
      $("words").focus();
    } else if (event.key === "t") turnTheme();
  });
})();

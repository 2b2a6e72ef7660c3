"use strict";
// Before there is anything to show, so that nothing has to be laid out twice.
document.documentElement.classList.add("scripted", "folded");
const turnTheme = () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
};

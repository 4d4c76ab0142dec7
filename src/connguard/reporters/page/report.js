// SPDX-FileCopyrightText: 2026 The connguard authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Filters the findings. Without it all of them are shown.
"use strict";

{
  const form = document.querySelector("#filters");
  const findings = [...document.querySelectorAll("article.finding")];
  const apply = () => {
    const severities = new Set(new FormData(form).getAll("severity"));
    const policy = form.elements.policy.value;
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const finding of findings) {
      const text = finding.textContent.toLowerCase();
      const fits =
        severities.has(finding.dataset.severity) &&
        (!policy || finding.dataset.policy === policy) &&
        words.every((word) => text.includes(word));
      finding.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    for (const group of document.querySelectorAll("section.file")) {
      group.hidden = !group.querySelector("article:not([hidden])");
    }
    document.querySelector("#shown").textContent = `${shown} of ${findings.length} findings`;
  };
  if (form) {
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("change", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    apply();
  }
}

/** A trace as one HTML page that needs nothing else: a column per CPU, the procedures as indents. */

import type { Trace } from "@mmrace/scheduler";

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; }
  body, th { background: light-dark(#fff, #0e1116); color: light-dark(#1b1b1b, #e4e8ee); }
  table { border-collapse: collapse; font: 12.5px/1.45 ui-monospace, monospace; }
  th, td { padding: 0 0.9rem; text-align: left; vertical-align: top; white-space: pre; }
  th, td { border-left: 1px solid light-dark(#ddd, #2a323d); }
  th { position: sticky; top: 0; border-bottom: 2px solid #999; }
  td.step { color: #888; border-left: 0; text-align: right; }
  tr.switch td { border-top: 1px dashed #888; }
  .verdict { margin-top: 1rem; padding: 0.6rem 0.9rem; border-left: 4px solid #c0392b; }
  .verdict { background: light-dark(#fdecea, #3a1a17); }
`;

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The whole page. */
export function tracePage(title: string, trace: Trace): string {
  const heads = trace.threads.map(({ name, cpu }) => `<th>CPU${cpu} ${escape(name)}</th>`).join("");
  const rows = trace.events.map((event, step) => {
    const cells = trace.threads.map((_, thread) => {
      if (thread !== event.thread) return "<td></td>";
      const indent = "  ".repeat(event.procedures.length);
      return `<td title="${escape(event.site)}">${indent}${escape(event.text)}</td>`;
    });
    const isSwitch = step > 0 && trace.events[step - 1]!.thread !== event.thread;
    return `<tr${isSwitch ? ' class="switch"' : ""}><td class="step">${step}</td>${cells.join("")}</tr>`;
  });
  const verdict =
    "message" in trace.ending
      ? `<p class="verdict"><b>${escape(trace.ending.oracle)}</b>: ${escape(trace.ending.message)}</p>`
      : "<p>No violation.</p>";
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escape(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escape(title)}</h1>${verdict}`,
    `<table><thead><tr><th></th>${heads}</tr></thead><tbody>`,
    ...rows,
    "</tbody></table></body></html>",
  ].join("\n");
}

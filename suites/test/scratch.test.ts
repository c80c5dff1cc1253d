import { exhaustive, dpor } from "@mmrace/scheduler";
import { survey } from "../src/survey.ts";
const mods = process.env.MODS.split(",");
for (const m of mods) {
  const mod = await import("../src/" + m);
  for (const list of Object.values(mod)) for (const p of list) {
    const t = performance.now();
    const d = survey(p, dpor({properties:"final-states"}), 400000);
    const plain = (p.expected.interleavings ?? Infinity) <= 130000 ? survey(p, exhaustive()) : undefined;
    const sl = d.executions < 3000 ? survey(p, exhaustive({reduction:"sleep-sets"}), 30000) : undefined;
    const same = (x) => x===undefined||!x.isComplete ? "-" : x.outcomes.size===d.outcomes.size && [...x.outcomes].every(o=>d.outcomes.has(o));
    const ok = d.executions===p.expected.traces && (p.expected.deadlocked===undefined || p.expected.deadlocked===d.deadlocked) && (plain===undefined||plain.executions===p.expected.interleavings) && (sl===undefined||!sl.isComplete||sl.executions===p.expected.traces);
    console.log(ok?"ok ":"BAD", p.id, "dpor", d.executions, "pruned", d.pruned, "dead", d.deadlocked,"wrong",d.wrong, "exp", JSON.stringify(p.expected), "plain", plain?.executions, same(plain), "sleep", sl?.executions, sl?.pruned, sl?.isComplete, same(sl), (performance.now()-t).toFixed(0)+"ms");
  }
}
import { test } from "vitest"; test("x", () => {});

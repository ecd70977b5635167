// The contract's functions, for any analyzer. Copy this file too. One instance of the component serves one run, so the run is its only state.

/**
 * What a component has to export as `analyze`. A tool is a class with the static members NAME, TITLE, DESCRIPTION, ARGUMENTS and REPORT (JSON Schemas),
 * made with its arguments; `feed(batch)` says whether more is wanted, `finish(capture)` gives the report. A prompt has name, title, description,
 * arguments, and `text`, a function of the arguments.
 */
export function analyzer(name, version, tools, prompts) {
  let run;
  return {
    describe() {
      const offered = tools.map((tool) => ({
        name: tool.NAME,
        title: tool.TITLE,
        description: tool.DESCRIPTION,
        arguments: tool.ARGUMENTS,
        report: tool.REPORT,
      }));
      // A function does not become JSON, so `text` is left out.
      return JSON.stringify({ name, version, tools: offered, prompts });
    },
    prompt(name, args) {
      const prompt = prompts.find((prompt) => prompt.name === name);
      if (!prompt) throw refused('name', `no prompt is called ${name}`);
      return prompt.text(JSON.parse(args));
    },
    open(name, args) {
      const tool = tools.find((tool) => tool.NAME === name);
      if (!tool) throw refused('tool', `no tool is called ${name}`);
      // The host has checked them against the schema.
      run = new tool(JSON.parse(args));
    },
    feed: (batch) => run.feed(batch),
    finish: (capture) => JSON.stringify(run.finish(JSON.parse(capture))),
  };
}

/** The error for an argument that cannot be. */
export const refused = (argument, reason) => ({ tag: 'arguments', val: { argument, reason } });
